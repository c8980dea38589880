// How timeline and moment stand to each other.

/** The width from which they stand beside each other. */
const BESIDE = "(min-width: 75em)";

/** Whether the timeline is beside the panel of the moment, and not below it. */
export function isBesidePanel(): boolean {
  return window.matchMedia(BESIDE).matches;
}
