// The tracker as an ES module.

import { createTracker, type Options, type Tracker } from "./tracker";

export type { Interaction, Metric } from "./events";
export type { ConsentState } from "./recording";
export type { Options, Reason, Tracker } from "./tracker";
export type { Choice } from "./visitor";

/** Starts the tracker on this page, once. Nothing is stored or sent before the visitor agreed. */
export function init(options: Options = {}): Tracker {
  return createTracker(options, {
    capture: () => import("./capture"),
    vitals: () => import("./vitals"),
  });
}
