// Captures what visitors do without the page's doing, from the moment when this module is loaded; and
// loads what measures, later.

import type { Modules, Options, Recorder } from "../tracker";
import { captureClicks } from "./clicks";
import { captureEngagement } from "./engagement";
import { captureGestures } from "./gestures";
import { captureHover } from "./hover";
import { captureOptions } from "./options";
import { capturePages } from "./pages";
import { captureScroll } from "./scroll";

/** What each capture gets. */
export interface Capture {
  recorder: Recorder;
  layoutVersion: string | undefined;
  /** Ends all listeners when the visitor refuses. */
  signal: AbortSignal;
  /** Calls back before the visitor leaves the page, for another one of this site or for good. */
  onLeave(tell: () => void): void;
  /** Calls back when the visitor came to a page. */
  onPage(begin: () => void): void;
}

/** Starts every capture, and measuring when the page is at rest. */
export function start(recorder: Recorder, options: Options, vitals: Modules["vitals"]): void {
  const end = new AbortController();
  recorder.listen({ stop: () => end.abort() });
  if (options.capture !== false) startCaptures(recorder, options, end.signal);
  if (options.vitals === false) return;
  whenAtRest(() => {
    vitals().then(
      ({ start: measure }) => end.signal.aborted || measure(recorder),
      () => {},
    );
  });
}

function startCaptures(recorder: Recorder, { layoutVersion }: Options, signal: AbortSignal): void {
  const leaving: (() => void)[] = [];
  const beginning: (() => void)[] = [];
  const capture: Capture = {
    recorder,
    layoutVersion,
    signal,
    onLeave: (tell) => void leaving.push(tell),
    onPage: (begin) => void beginning.push(begin),
  };
  const leave = () => {
    for (const tell of leaving) tell();
  };
  recorder.listen({ leave });
  captureClicks(capture);
  captureEngagement(capture);
  captureGestures(capture);
  captureHover(capture);
  captureOptions(capture);
  captureScroll(capture);
  capturePages(capture, leave, () => {
    for (const begin of beginning) begin();
  });
}

function whenAtRest(begin: () => void): void {
  const later = () => (globalThis.requestIdleCallback ?? setTimeout)(() => begin());
  if (document.readyState === "complete") later();
  else addEventListener("load", later);
}
