// Lighthouse's judgement of a page, in a browser of its own.

import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import desktop from "lighthouse/core/config/desktop-config.js";

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const BROWSER_FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const MODES = { desktop, mobile: undefined };

/** Lighthouse misses the beginning of a load now and then, and asks to be run again. */
const TRIES = 3;

/**
 * Judges a page once, as on a `desktop` or, with its slow processor and network, on a `mobile`. Gives the score of each
 * category, 0 to 100, and what took points, each with its score and value.
 */
export async function judge(url, mode = "desktop") {
  let failure;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const lhr = await run(url, mode);
    if (!lhr.runtimeError) return { scores: scoresOf(lhr), faults: faultsOf(lhr) };
    failure = lhr.runtimeError.message;
  }
  throw new Error(`${url}: ${failure}`);
}

async function run(url, mode) {
  const browser = await launch({
    chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    chromeFlags: BROWSER_FLAGS,
    logLevel: "error",
  });
  try {
    const flags = { port: browser.port, onlyCategories: CATEGORIES, logLevel: "error" };
    const { lhr } = await lighthouse(url, { ...flags, disableFullPageScreenshot: true }, MODES[mode]);
    return lhr;
  } finally {
    browser.kill();
  }
}

function scoresOf({ categories }) {
  return Object.fromEntries(CATEGORIES.map((name) => [name, Math.round(categories[name].score * 100)]));
}

function faultsOf({ categories, audits }) {
  const weighed = CATEGORIES.flatMap((name) => categories[name].auditRefs).filter(({ weight }) => weight > 0);
  return weighed
    .map(({ id }) => audits[id])
    .filter(({ score }) => score !== null && score < 1)
    .map(({ id, score, displayValue = "" }) => `${id} ${score} ${displayValue}`.trimEnd());
}
