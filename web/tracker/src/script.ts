// The tracker for a script tag: `nestHaus.init(...)`. What is loaded later lies beside this file, below `assets/` under
// a name with the hash of the content that this file was built with.

import { createTracker, type Options, type Tracker } from "./tracker";

/** By the build. */
declare const CAPTURE_HASH: string;
declare const VITALS_HASH: string;

const { src = location.href } = (document.currentScript ?? {}) as Partial<HTMLScriptElement>;

/** Starts the tracker on this page, once. Nothing is stored or sent before the visitor agreed. */
function init(options: Options = {}): Tracker {
  return createTracker(options, {
    capture: () => load("capture", CAPTURE_HASH),
    vitals: () => load("vitals", VITALS_HASH),
  });
}

/**
 * Loads a module; where a later release has taken this file's own away, the one of that release, which knows how to
 * deal with this file. The hash keeps a cache from giving an earlier one.
 */
function load(name: string, hash: string) {
  const from = (path: string) => import(/* @vite-ignore */ new URL(path, src).href);
  return from(`assets/${name}-${hash}.js`).catch(() => from(`${name}.js?${hash}`));
}

export default { init };
