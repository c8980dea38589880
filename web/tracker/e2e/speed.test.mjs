// What the tracker costs the page. Measured as the CPU time of the page's main thread (Chromium's
// `TaskDuration` by thread ticks, so that what other programs do does not count) for 100 interactions with the
// tracker, less the same on the same page without it; the least of three runs each. Long tasks are those
// that the browser itself reports: more than 50 ms.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { startSystem } from "../../../tests/browser/system.mjs";
import { startBareBrowser } from "./bare-browser.mjs";
import { startShop } from "./shop.mjs";
import { testPage } from "./world.mjs";

const INTERACTIONS = 100;
const RUNS = 3;
const COST_MS_MAX = 50;
const REST_MS = 2000;

suite("speed", () => {
  let system;
  let shop;

  before(async () => {
    system = await startSystem();
    shop = await startShop(system);
  });

  after(async () => {
    await shop?.stop();
    await system?.stop();
  });

  /** Interacts with the page, and gives its main thread's milliseconds, its long tasks and its events. */
  async function measure(analytics) {
    shop.requests = [];
    const browser = await startBareBrowser();
    const page = await browser.open(shop.base + testPage({ consent: { analytics } }));
    await wait(REST_MS);
    const from = await page.busyMs();
    const longTasks = await page.run(interact, INTERACTIONS);
    const ms = (await page.busyMs()) - from;
    await wait(analytics ? 6000 : 0);
    await browser.stop();
    const events = shop.sent().reduce((sum, { body }) => sum + (body.events?.length ?? 1), 0);
    return { ms, longTasks, events };
  }

  test("100 interactions cost the page less than 50 ms, and no long task", async (t) => {
    const [tracked, untracked] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      untracked.push(await measure(false));
      tracked.push(await measure(true));
    }
    const times = (runs) => runs.map(({ ms }) => Math.round(ms));
    const cost = Math.min(...times(tracked)) - Math.min(...times(untracked));
    const { events } = tracked[0];
    t.diagnostic(`${cost} ms of main thread for ${events} events of ${INTERACTIONS} interactions`);
    t.diagnostic(`with the tracker ${times(tracked)}, without ${times(untracked)}`);
    assert.ok(events > INTERACTIONS, `${events} events`);
    assert.equal(untracked[0].events, 0);
    assert.ok(cost < COST_MS_MAX, `${cost} ms`);
    const longTasks = tracked.map((run) => run.longTasks);
    assert.ok(
      longTasks.some(({ length }) => length === 0),
      JSON.stringify(longTasks),
    );
  });
});

/** Runs in the page: clicks, hovers and chooses, 50 times a second; gives the long tasks. */
async function interact(count) {
  const longTasks = [];
  new PerformanceObserver((list) => {
    longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
  const targets = ["#alive", "[data-track-value=holz]", "[data-track-value=pvc]", "#viewer"];
  const elements = targets.map((target) => document.querySelector(target));
  for (let index = 0; index < count; index += 1) {
    const element = elements[index % elements.length];
    element.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
    element.click();
    if (index % 10 === 1) {
      const configuration = { nest: { value: "nest80" }, fenster: { value: `holz${index}` } };
      globalThis.tracker.saveConfiguration(configuration, { price: 200_000 + index });
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return longTasks;
}
