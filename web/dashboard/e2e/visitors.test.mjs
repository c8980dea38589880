// What visitors do on a page with the tracker is what the dashboard shows, number by number.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startShop } from "../../tracker/e2e/shop.mjs";
import { openVisitor, until } from "../../tracker/e2e/visitor.mjs";
import { startDashboard } from "./system.mjs";

const DESKTOP = {
  viewport: { width: 1280, height: 800 },
  userAgent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};
const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  userAgent:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
};
const RANGE = "?timeRange=24h&tz=Europe/Vienna";
/** Drains of all queues, and what brings visits up to date with them. */
const JOBS = ["sync-interactions", "sync-configurations", "sync-performance", "aggregate-daily"];

/** Runs in the page: it is no longer seen, so that what is summed up is told. */
function hide() {
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

suite("visitors", () => {
  let dashboard;
  let shop;
  let tab;
  const visitors = [];

  before(async () => {
    dashboard = await startDashboard({ simulated: false });
    shop = await startShop(dashboard.system);
    await whoBuys();
    await whoLooks();
    await whoStays();
    await whoRefuses();
    for (const job of JOBS) await dashboard.system.runJob(job);
    tab = await dashboard.openPage();
  });

  after(async () => {
    for (const visitor of visitors) await visitor.leave();
    await shop?.stop();
    await dashboard?.stop();
  });

  async function enter(options) {
    const visitor = await openVisitor(shop, options);
    visitors.push(visitor);
    await visitor.open();
    return visitor;
  }

  /** Leaves the page, and waits until all that the visitor did is with the server. */
  async function leave(visitor) {
    const { page } = visitor;
    const sessionId = await visitor.sessionId();
    await page.evaluate(hide);
    await until(() => page.evaluate("tracker.flush()"));
    await visitor.close();
    assert.deepEqual(visitor.errors, []);
    return sessionId;
  }

  /** At a desk: larch, solar modules, into the cart. €213,032 + €24,413 + €20,572. */
  async function whoBuys() {
    const visitor = await enter(DESKTOP);
    await visitor.agree();
    await visitor.choose("Larch battens");
    await visitor.page.waitForTimeout(600);
    await visitor.choose("8 modules");
    await visitor.page.waitForTimeout(600);
    await visitor.page.getByRole("button", { name: "Put into the cart" }).click();
    await leave(visitor);
  }

  /** By phone: black panels. €213,032 + €36,011. */
  async function whoLooks() {
    const visitor = await enter(PHONE);
    await visitor.agree();
    await visitor.choose("Black panels");
    await leave(visitor);
  }

  /** At a desk: agrees, and does nothing else. */
  async function whoStays() {
    const visitor = await enter(DESKTOP);
    await visitor.agree();
    await leave(visitor);
  }

  /** At a desk: refuses, and then chooses. */
  async function whoRefuses() {
    const visitor = await enter(DESKTOP);
    await visitor.page.getByRole("button", { name: "Refuse" }).click();
    await visitor.choose("Larch battens");
    await visitor.close();
  }

  /** The text of a number's tile: its value, and what stands below it. */
  async function tile(name) {
    const [text] = await tab.page.getByRole("region", { name, exact: true }).allInnerTexts();
    return text.split("\n").filter((line) => line && line !== name);
  }

  test("overview", async () => {
    await tab.open(`/${RANGE}`);
    assert.deepEqual((await tile("Visits")).slice(0, 2), ["3", "2 with a selection"]);
    const [share, counts] = await tile("Cart or completed");
    assert.equal(share, "33.3%");
    assert.match(counts, /^1 of 3/);
    assert.deepEqual((await tile("Inquiry")).slice(0, 1), ["0.0%"]);
    assert.deepEqual((await tile("Order")).slice(0, 1), ["0.0%"]);
    assert.deepEqual((await tile("Active now")).slice(0, 1), ["3"]);
    assert.deepEqual((await tile("Configuring now")).slice(0, 1), ["2"]);
    assert.deepEqual((await tile("Events waiting")).slice(0, 1), ["0"]);
    assert.equal((await tile("Capture rate"))[0], "100.0%");
    assert.deepEqual(tab.takeProblems(), []);
  });
});
