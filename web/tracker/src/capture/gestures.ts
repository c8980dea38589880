// Gestures on the viewer (`data-track-viewer`) by touch: taps, swipes and pinches.

import { elementCategory, elementId } from "./elements";
import type { Capture } from "./index";

const TAP_PIXELS = 10;
const TAP_MS = 300;
const SWIPE_PIXELS = 30;
const PINCH_PART = 0.1;

interface Finger {
  x: number;
  y: number;
  fromX: number;
  fromY: number;
  at: number;
}

/** Captures gestures. */
export function captureGestures({ recorder, signal }: Capture): void {
  const fingers = new Map<number, Finger>();
  let spread = 0;

  function down(event: PointerEvent): void {
    if (event.pointerType === "mouse" || !viewerOf(event)) return;
    const { clientX: x, clientY: y, timeStamp: at } = event;
    fingers.set(event.pointerId, { x, y, fromX: x, fromY: y, at });
    if (fingers.size === 2) spread = distance();
  }

  function move({ pointerId, clientX, clientY }: PointerEvent): void {
    const finger = fingers.get(pointerId);
    if (finger) Object.assign(finger, { x: clientX, y: clientY });
  }

  function up(event: PointerEvent): void {
    const finger = fingers.get(event.pointerId);
    const viewer = viewerOf(event);
    const gesture = finger && (fingers.size > 1 ? pinch() : single(finger, event.timeStamp));
    if (fingers.size > 1) fingers.clear();
    fingers.delete(event.pointerId);
    if (!gesture || !viewer) return;
    recorder.track({
      eventType: "touch",
      category: elementCategory(viewer),
      elementId: elementId(viewer),
      selectionValue: gesture,
    });
  }

  function pinch(): string | undefined {
    const change = spread > 0 ? distance() / spread : 1;
    if (Math.abs(change - 1) < PINCH_PART) return undefined;
    return change > 1 ? "pinch_out" : "pinch_in";
  }

  function distance(): number {
    const [a, b] = [...fingers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  }

  for (const [type, hear] of [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", up],
    ["pointercancel", up],
  ] as const) {
    document.addEventListener(type, hear, { capture: true, passive: true, signal });
  }
}

function single({ x, y, fromX, fromY, at }: Finger, now: number): string | undefined {
  const [right, down] = [x - fromX, y - fromY];
  const way = Math.max(Math.abs(right), Math.abs(down));
  if (way < TAP_PIXELS) return now - at < TAP_MS ? "tap" : undefined;
  if (way < SWIPE_PIXELS) return undefined;
  if (Math.abs(right) > Math.abs(down)) return right > 0 ? "swipe_right" : "swipe_left";
  return down > 0 ? "swipe_down" : "swipe_up";
}

function viewerOf({ target }: Event): Element | undefined {
  return (target instanceof Element && target.closest("[data-track-viewer]")) || undefined;
}
