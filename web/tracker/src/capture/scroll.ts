// How far down a page was seen, in percent of its height when that is told: as the page is left.

import type { Capture } from "./index";

/** Captures scroll depth. */
export function captureScroll({ recorder, signal, onLeave, onPage }: Capture): void {
  /** Pixels from the top of the page to the lowest that was seen. */
  let bottom = 0;
  let told = 0;
  let isWaiting = false;

  function measure(): void {
    isWaiting = false;
    bottom = Math.max(bottom, scrollY + innerHeight);
  }

  function scroll(): void {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(measure);
  }

  function tell(): void {
    measure();
    const { scrollHeight } = document.documentElement;
    const depth = Math.min(100, Math.round((bottom / (scrollHeight || bottom)) * 100));
    if (!(depth > told)) return;
    told = depth;
    recorder.track({
      eventType: "scroll",
      category: "page",
      additionalData: { depth },
      interactive: false,
    });
  }

  addEventListener("scroll", scroll, { passive: true, signal });
  onLeave(tell);
  onPage(() => {
    bottom = told = 0;
  });
}
