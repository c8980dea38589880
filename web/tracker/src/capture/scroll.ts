// How far down a page was seen, in percent: the greatest depth, told when the page is left.

import type { Capture } from "./index";

/** Captures scroll depth. */
export function captureScroll({ recorder, signal, onLeave, onPage }: Capture): void {
  let depth = 0;
  let told = 0;
  let isWaiting = false;

  function measure(): void {
    isWaiting = false;
    const { scrollHeight } = document.documentElement;
    const seen = scrollHeight > 0 ? ((scrollY + innerHeight) / scrollHeight) * 100 : 0;
    depth = Math.max(depth, Math.min(100, Math.round(seen)));
  }

  function scroll(): void {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(measure);
  }

  function tell(): void {
    measure();
    if (depth <= told) return;
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
    depth = told = 0;
  });
}
