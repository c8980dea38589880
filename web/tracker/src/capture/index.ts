// Captures what visitors do without the page's doing, from the moment when this module is loaded.

import type { Options, Recorder } from "../tracker";
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

/** Starts every capture. */
export function start(recorder: Recorder, { layoutVersion }: Options): void {
  const end = new AbortController();
  const leaving: (() => void)[] = [];
  const beginning: (() => void)[] = [];
  const capture: Capture = {
    recorder,
    layoutVersion,
    signal: end.signal,
    onLeave: (tell) => void leaving.push(tell),
    onPage: (begin) => void beginning.push(begin),
  };
  const leave = () => {
    for (const tell of leaving) tell();
  };
  recorder.listen({ leave, stop: () => end.abort() });
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
