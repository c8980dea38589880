// Clicks with their place inside the element; clicks in rage (three at least, each within a second and 30
// pixels of the one before) and dead ones (nothing in the page answered).

import type { Interaction } from "../events";
import { elementCategory, elementId, elementLabel, usedElement } from "./elements";
import type { Capture } from "./index";

const RAGE_CLICKS = 3;
const RAGE_MS = 1000;
const RAGE_PIXELS = 30;
const DELIBERATE =
  ".no-rage, [data-no-rage], input, [role=spinbutton], [role=slider], [aria-roledescription=carousel]";
const ANSWERED_MS = 2500;
const AT_ONCE_MS = 100;
const AROUND_MS = 1000;
const ANSWERING = ["viewer_response", "selection", "page_visit"];
const CHANGES = { subtree: true, childList: true, attributes: true, characterData: true };
/** What answers by itself, without changing the document. */
const ANSWERS = "a[href], input, select, textarea, label, option, video, audio, iframe";

/** Captures clicks. */
export function captureClicks({ recorder, layoutVersion, signal }: Capture): void {
  let previous = { at: Number.NEGATIVE_INFINITY, x: 0, y: 0 };
  let run = 0;
  /** When the visitor last came back to this page from another window or tab, maybe by a click. */
  let returnedAt = Number.NEGATIVE_INFINITY;
  /** The control whose label was clicked: the browser clicks on it next by itself. */
  let labelled: EventTarget | null = null;

  /** Counts a click in a run of hasty ones; true if the run has just become rage. */
  function isRage({ timeStamp, clientX, clientY }: MouseEvent): boolean {
    const distance = Math.abs(clientX - previous.x) + Math.abs(clientY - previous.y);
    const isNext = timeStamp - previous.at < RAGE_MS && distance < RAGE_PIXELS;
    run = isNext ? run + 1 : 1;
    previous = { at: timeStamp, x: clientX, y: clientY };
    return run === RAGE_CLICKS;
  }

  function note(event: MouseEvent): void {
    const element = usedElement(event);
    const isByLabel = event.target === labelled;
    labelled = element instanceof HTMLLabelElement ? element.control : null;
    if (!element || isByLabel) return;
    const isDeliberate = element.closest(DELIBERATE) !== null;
    const click: Interaction = {
      eventType: "click",
      category: elementCategory(element),
      elementId: elementId(element),
      selectionValue: elementLabel(element),
      additionalData: {
        ...placeIn(element, event),
        layoutVersion,
        noRage: isDeliberate || undefined,
      },
    };
    recorder.track(click);
    if (isRage(event) && !isDeliberate && !isSelecting()) {
      recorder.track({ ...click, eventType: "rage_click", interactive: false });
    }
    const isModified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    const isReturn = event.timeStamp - returnedAt < AROUND_MS;
    if (!isModified && !isReturn && !element.closest(ANSWERS)) watch(click);
  }

  /** Clicks of which it is not known yet whether anything answers them. */
  let open: { click: Interaction; at: number }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changes = new MutationObserver(() => answer(Number.POSITIVE_INFINITY));

  /** Something happened that answers the clicks of the last milliseconds. */
  function answer(withinMs: number): void {
    const now = performance.now();
    open = open.filter(({ at }) => now - at > withinMs);
    if (open.length === 0) changes.disconnect();
  }

  /** Waits for something that answers a click. */
  function watch(click: Interaction): void {
    if (open.push({ click, at: performance.now() }) === 1) changes.observe(document, CHANGES);
    timer ??= setTimeout(judge, ANSWERED_MS);
  }

  /** Tells the clicks that nothing answered in time as dead. */
  function judge(): void {
    const before = performance.now() - ANSWERED_MS;
    const dead = open.filter(({ at }) => at <= before);
    open = open.filter(({ at }) => at > before);
    timer = open[0] && setTimeout(judge, open[0].at - before);
    if (!timer) changes.disconnect();
    if (signal.aborted) return;
    for (const { click } of dead) {
      recorder.track({ ...click, eventType: "dead_click", interactive: false });
    }
  }

  const answers = (target: EventTarget, types: readonly string[], withinMs: number) => {
    for (const type of types) {
      const listen = { capture: true, passive: true, signal };
      target.addEventListener(type, () => answer(withinMs), listen);
    }
  };
  answers(document, ["scroll", "selectionchange"], AT_ONCE_MS);
  answers(globalThis, ["focus", "blur"], AROUND_MS);
  answers(document, ["visibilitychange"], AROUND_MS);
  const returned = ({ target, timeStamp }: Event) => {
    if (target === globalThis || target === document) returnedAt = timeStamp;
  };
  addEventListener("focus", returned, { signal });
  document.addEventListener("visibilitychange", returned, { signal });
  recorder.listen({
    track({ eventType }) {
      // A canvas says by `viewer_response` that it drew something.
      if (ANSWERING.includes(eventType)) answer(Number.POSITIVE_INFINITY);
    },
  });
  document.addEventListener("click", note, { capture: true, passive: true, signal });
}

/** Where in an element a click was, from 0 to 1; its middle for a click by keyboard. */
function placeIn(element: Element, { detail, clientX, clientY }: MouseEvent): object {
  if (detail === 0) return { x: 0.5, y: 0.5 };
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: part(clientX - left, width), y: part(clientY - top, height), clientX, clientY };
}

function part(offset: number, length: number): number {
  const share = length > 0 ? offset / length : 0.5;
  return Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 10_000;
}

function isSelecting(): boolean {
  return getSelection()?.isCollapsed === false;
}
