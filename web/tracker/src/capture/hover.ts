// What the mouse rests on: summed up by element, told when the page is left.

import { elementCategory, elementId, elementLabel } from "./elements";
import type { Capture } from "./index";

const HOVERED = "[data-track-value], [data-track-id]";
const REST_MS = 300;

interface Rest {
  category: string;
  selectionValue: string | undefined;
  ms: number;
  times: number;
}

/** Captures how long the mouse rests on options and named elements. */
export function captureHover({ recorder, signal, onLeave }: Capture): void {
  const rests = new Map<string, Rest>();
  let resting: { element: Element; since: number } | undefined;

  function move({ target, pointerType, timeStamp }: PointerEvent): void {
    if (pointerType !== "mouse" || !(target instanceof Element)) return;
    const element = target.closest(HOVERED);
    if (element === resting?.element) return;
    end(timeStamp);
    if (element && !element.closest("[data-no-track]")) resting = { element, since: timeStamp };
  }

  function end(at: number): void {
    if (!resting) return;
    const { element, since } = resting;
    resting = undefined;
    if (at - since < REST_MS) return;
    const id = elementId(element);
    const { ms, times } = rests.get(id) ?? { ms: 0, times: 0 };
    const [category, selectionValue] = [elementCategory(element), elementLabel(element)];
    rests.set(id, { category, selectionValue, ms: ms + at - since, times: times + 1 });
  }

  function tell(): void {
    end(performance.now());
    for (const [elementId, { ms, times, ...rest }] of rests) {
      recorder.track({
        eventType: "hover",
        elementId,
        timeSpent: Math.round(ms),
        additionalData: { times },
        interactive: false,
        ...rest,
      });
    }
    rests.clear();
  }

  document.addEventListener("pointerover", move, { capture: true, passive: true, signal });
  onLeave(tell);
}
