// Engaged time: the page is visible and has the focus, and the last input is no longer ago than half a
// minute. Told every 15 seconds while there is any, and when the page is left.

import type { Capture } from "./index";

const IDLE_MS = 30_000;
const TELL_MS = 15_000;
const TOUCH_MS = 10_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchmove", "focus"];

/** Captures engaged time, and keeps the session alive by it. */
export function captureEngagement({ recorder, signal, onLeave }: Capture): void {
  let engagedMs = 0;
  let countedAt = performance.now();
  let engagedUntil = countedAt + IDLE_MS;
  let touchedAt = countedAt;
  let wasAttended = isAttended();

  /** Counts the time until now by how the page was until now. */
  function count(): void {
    const now = performance.now();
    if (wasAttended) engagedMs += Math.max(0, Math.min(now, engagedUntil) - countedAt);
    countedAt = now;
    wasAttended = isAttended();
  }

  function note(): void {
    count();
    engagedUntil = countedAt + IDLE_MS;
    if (countedAt - touchedAt < TOUCH_MS) return;
    touchedAt = countedAt;
    recorder.touch();
  }

  function tell(): void {
    count();
    const timeSpent = Math.round(engagedMs);
    if (timeSpent === 0) return;
    engagedMs = 0;
    recorder.track({ eventType: "engagement", category: "page", timeSpent, interactive: false });
  }

  for (const type of INPUTS) {
    addEventListener(type, note, { capture: true, passive: true, signal });
  }
  for (const type of ["focus", "blur", "pageshow"]) addEventListener(type, count, { signal });
  document.addEventListener("visibilitychange", count, { signal });
  onLeave(tell);
  const timer = setInterval(tell, TELL_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/** Whether the page lies before the visitor, as far as is known. */
function isAttended(): boolean {
  return !document.hidden && document.hasFocus();
}
