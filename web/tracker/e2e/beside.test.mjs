// The tracker beside today's front end on one page: each tells what it told before, under a session of its
// own, and none takes anything from the other.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startOwnSystem } from "../../../tests/browser/system.mjs";
import { startShop } from "./shop.mjs";
import { openVisitor, until } from "./visitor.mjs";

const PAGE = fileURLToPath(new URL("../../../tests/browser/page", import.meta.url));
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

suite("beside today's front end", () => {
  let system;
  let shop;
  const visitors = [];

  before(async () => {
    system = await startOwnSystem();
    shop = await startShop(system, { "/": PAGE, "/package": PACKAGE });
  });

  after(async () => {
    for (const visitor of visitors) await visitor.leave();
    await shop?.stop();
    await system?.stop();
  });

  /** A new visitor does what one does with today's page; gives the price and what was sent. */
  async function configure(withTracker) {
    shop.requests = [];
    const visitor = await openVisitor(shop);
    visitors.push(visitor);
    const { page } = visitor;
    await page.goto(`${shop.base}/konfigurator.html?sync-delay-ms=100`);
    await page.getByRole("button", { name: "Hoam 80" }).waitFor();
    if (withTracker) {
      await page.addScriptTag({ url: "/package/dist/nest-haus.js" });
      await page.evaluate(() => {
        globalThis.tracker = globalThis.nestHaus.init({ consent: { analytics: true } });
      });
      await page.waitForTimeout(300);
    }
    for (const name of [/^Hoam 100/, /^Trapezblech/, /^Fichte/]) {
      await page.getByRole("button", { name }).click();
      await page.waitForTimeout(600);
    }
    const price = await page.locator("#price").textContent();
    if (withTracker) {
      await until(() => page.evaluate(() => globalThis.tracker.flush()));
    }
    assert.deepEqual(visitor.errors, []);
    return { price, requests: shop.sent().filter(({ body }) => body) };
  }

  const isTrackers = ({ body }) => body.sentAt !== undefined;
  const shape = ({ path, body }) => {
    const { eventType, category } = body.interaction ?? {};
    return [path, eventType, category, body.category, body.selection];
  };

  test("neither disturbs the other", async () => {
    const alone = await configure(false);
    const both = await configure(true);
    assert.equal(both.price, alone.price);
    const todays = both.requests.filter((request) => !isTrackers(request));
    assert.ok(todays.length > 5);
    assert.deepEqual(todays.map(shape).sort(), alone.requests.map(shape).sort());
    const theirs = new Set(todays.map(({ body }) => body.sessionId));
    const ours = new Set(both.requests.filter(isTrackers).map(({ body }) => body.sessionId));
    assert.equal(ours.size, 1);
    assert.ok([...ours].every((session) => !theirs.has(session)));

    for (const job of ["sync-interactions", "sync-configurations", "sync-performance"]) {
      await system.runJob(job);
    }
    for (const session of [...ours, ...theirs]) {
      const ledger = await system.ledger(session);
      assert.equal(ledger.session.transmissions.difference, 0);
      for (const { unknown, overcounted } of ledger.session.tabs) {
        assert.deepEqual([unknown, overcounted], [0, 0]);
      }
    }
  });
});
