// The tracker for a script tag: `nestHaus.init(...)`. What is loaded later lies beside this file.

import { createTracker, type Options, type Tracker } from "./tracker";

const { src = location.href } = (document.currentScript ?? {}) as Partial<HTMLScriptElement>;

/** Starts the tracker on this page, once. Nothing is stored or sent before the visitor agreed. */
function init(options: Options = {}): Tracker {
  const load = (name: string) => import(/* @vite-ignore */ new URL(name, src).href);
  return createTracker(options, {
    capture: () => load("capture.js"),
    vitals: () => load("vitals.js"),
  });
}

export default { init };
