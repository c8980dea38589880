// What the tracker costs the page. Measured as the CPU time of the page's main thread (Chromium's
// `TaskDuration` by thread ticks, so that what other programs do does not count) for 100 interactions with the
// tracker, less the same on the same page without it; the least of at least three runs each. Long tasks are those
// that the browser itself reports: more than 50 ms.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { startOwnSystem } from "../../../tests/browser/system.mjs";
import { startBareBrowser } from "./bare-browser.mjs";
import { startShop } from "./shop.mjs";
import { until } from "./visitor.mjs";
import { testPage } from "./world.mjs";

const INTERACTIONS = 100;
const RUNS_MIN = 3;
/** A machine that does something else meanwhile spoils runs. */
const RUNS_MAX = 8;
/** 50 is the aim, and the figure is printed; a slow machine takes up to three times as long for the same. */
const COST_MS_MAX = 150;
/** Of so many milliseconds a page that is at rest works this many. */
const [REST_MS, REST_BUSY_MS] = [400, 4];
const REST_TRIES_MAX = 20;

suite("speed", () => {
  let system;
  let shop;

  before(async () => {
    system = await startOwnSystem();
    shop = await startShop(system);
  });

  after(async () => {
    await shop?.stop();
    await system?.stop();
  });

  /** Waits until everything is loaded and at rest; the CPU time that it took so far. */
  async function busyMsAtRest(page) {
    await until(() => page.run(() => globalThis.tracker !== undefined));
    let busyMs = 0;
    for (let tries = 0; tries < REST_TRIES_MAX; tries += 1) {
      const before = busyMs;
      await wait(REST_MS);
      busyMs = await page.busyMs();
      if (busyMs - before < REST_BUSY_MS) break;
    }
    return busyMs;
  }

  /** Interacts with the page, and gives its main thread's milliseconds, its long tasks and its events. */
  async function measure(analytics) {
    shop.requests = [];
    const browser = await startBareBrowser();
    const page = await browser.open(shop.base + testPage({ consent: { analytics } }));
    const from = await busyMsAtRest(page);
    const longTasks = await page.run(interact, INTERACTIONS);
    const ms = (await page.busyMs()) - from;
    if (analytics) await until(() => page.run(() => globalThis.tracker.flush()));
    await browser.stop();
    const events = shop.sent().reduce((sum, { body }) => sum + (body.events?.length ?? 1), 0);
    return { ms, longTasks, events };
  }

  test("100 interactions cost the page little, and no long task", async (t) => {
    const [tracked, untracked] = [[], []];
    const times = (runs) => runs.map(({ ms }) => Math.round(ms));
    const costMs = () => Math.min(...times(tracked)) - Math.min(...times(untracked));
    const isFree = () => tracked.some(({ longTasks }) => longTasks.length === 0);
    const isGood = () => costMs() < COST_MS_MAX && isFree();
    while (tracked.length < RUNS_MIN || (tracked.length < RUNS_MAX && !isGood())) {
      untracked.push(await measure(false));
      tracked.push(await measure(true));
    }
    const cost = costMs();
    const { events } = tracked[0];
    t.diagnostic(`${cost} ms of main thread for ${events} events of ${INTERACTIONS} interactions`);
    t.diagnostic(`with the tracker ${times(tracked)}, without ${times(untracked)}`);
    assert.ok(events > INTERACTIONS, `${events} events`);
    assert.equal(untracked[0].events, 0);
    assert.ok(cost < COST_MS_MAX, `${cost} ms`);
    const longTasks = tracked.map((run) => run.longTasks);
    assert.ok(isFree(), JSON.stringify(longTasks));
  });
});

/**
 * Runs in the page: by turns clicks a button, chooses an option, moves the mouse to another one and clicks on
 * the viewer, 50 times a second, and saves the configuration at each fourth choice; gives the long tasks.
 */
async function interact(count) {
  const longTasks = [];
  new PerformanceObserver((list) => {
    longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
  const find = (selector) => document.querySelector(selector);
  const options = [find("[data-track-value=holz]"), find("[data-track-value=pvc]")];
  const over = { bubbles: true, pointerType: "mouse" };
  const interactions = [
    () => find("#alive").click(),
    (turn) => {
      options[turn % 2].click();
      const configuration = { nest: { value: "nest80" }, fenster: { value: `holz${turn}` } };
      if (turn % 4 === 0) globalThis.tracker.saveConfiguration(configuration, { price: 200_000 });
    },
    (turn) => options[turn % 2].dispatchEvent(new PointerEvent("pointerover", over)),
    () => find("#viewer").click(),
  ];
  for (let index = 0; index < count; index += 1) {
    interactions[index % 4](Math.floor(index / 4));
    await new Promise((done) => setTimeout(done, 20));
  }
  return longTasks;
}
