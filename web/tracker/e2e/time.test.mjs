// Events are placed at the time when they happened, whatever the clock of the visitor says; sessions end
// by pauses, and by another campaign that the visitor goes on from.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { until } from "./visitor.mjs";
import { ALONE, createWorld, probe, sent, testPage } from "./world.mjs";

const HOUR = 3_600_000;
const MINUTE = 60_000;

suite("time", () => {
  let world;

  before(async () => {
    world = await createWorld();
  });

  after(() => world?.stop());

  /** A visitor whose wall clock a test can set. */
  async function visit(options = {}) {
    const visitor = await world.visitor();
    await visitor.context.addInitScript(() => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + Number(sessionStorage.getItem("test-clock") ?? 0);
    });
    await visitor.open(testPage({ ...ALONE, ...options }));
    return visitor;
  }

  /** Sets the visitor's wall clock so many milliseconds off. */
  async function setClock(visitor, offset) {
    await visitor.page.evaluate((ms) => sessionStorage.setItem("test-clock", ms), String(offset));
  }

  /** How far from a time the probes of a session are placed, in milliseconds. */
  async function errors(session, at) {
    const rows = await world.journey(session);
    const probes = rows.filter(({ eventType }) => eventType === "probe");
    assert.ok(probes.length > 0);
    return probes.map((row) => Math.abs(Date.parse(row.at) - at));
  }

  for (const [clock, offset] of [
    ["three hours slow", -3 * HOUR],
    ["two days fast", 48 * HOUR],
  ]) {
    test(`by a clock that is ${clock}`, async () => {
      const visitor = await visit();
      await setClock(visitor, offset);
      const at = Date.now();
      await probe(visitor.page, 1, 3);
      await visitor.page.waitForTimeout(1500);
      await sent(visitor);
      for (const error of await errors(await visitor.sessionId(), at))
        assert.ok(error < 400, `${error}`);
    });
  }

  for (const step of [-HOUR, 3 * MINUTE]) {
    test(`by a clock that is set by ${step} ms between event and sending`, async () => {
      const visitor = await visit();
      const at = Date.now();
      await probe(visitor.page, 1, 3);
      await setClock(visitor, step);
      await visitor.page.waitForTimeout(1500);
      await sent(visitor);
      for (const error of await errors(await visitor.sessionId(), at))
        assert.ok(error < 400, `${error}`);
    });
  }

  test("told by a later page, by the wall clock", async () => {
    const visitor = await visit();
    await setClock(visitor, 7 * HOUR);
    world.shop.interfere = () => ({ status: 503 });
    const at = Date.now();
    await probe(visitor.page, 1, 3);
    await until(async () => (await visitor.queued()).length === 4);
    await visitor.page.waitForTimeout(2000);
    await visitor.page.reload();
    world.shop.interfere = () => undefined;
    await sent(visitor);
    const { events } = world.shop.requests.findLast(({ body }) => body.events).body;
    assert.ok(events.every(({ ageMs }) => ageMs === undefined));
    for (const error of await errors(await visitor.sessionId(), at))
      assert.ok(error < 400, `${error}`);
  });

  test("29:59 and again 29:59 of pause are one session, 30:01 are two", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    const first = await visitor.sessionId();
    await setClock(visitor, 30 * MINUTE - 1000);
    await probe(visitor.page, 2, 2);
    await setClock(visitor, 60 * MINUTE - 2000);
    await visitor.page.reload();
    await probe(visitor.page, 3, 3);
    assert.equal(await visitor.sessionId(), first);
    await setClock(visitor, 90 * MINUTE);
    await probe(visitor.page, 4, 4);
    const second = await visitor.sessionId();
    assert.notEqual(second, first);
    await sent(visitor);
    assert.deepEqual(await world.values(first, "probe"), ["1", "2", "3"]);
    assert.deepEqual(await world.values(second, "probe"), ["4"]);
    const consents = world.shop.requests.filter(({ path }) => path.endsWith("update-consent"));
    // The reload may have cut an answer off, after which the same is sent again.
    const told = new Set(consents.map(({ body }) => body.sessionId));
    assert.deepEqual([...told], [first, second]);
    for (const session of [first, second]) await world.assertClosed(session);
  });

  test("a pause begins with the very last activity", async () => {
    const visitor = await visit();
    const [first, same, other] = await visitor.page.evaluate((pause) => {
      const from = Date.now();
      const sessionAt = (offset) => {
        Date.now = () => from + offset;
        globalThis.tracker.track({ eventType: "probe", category: "test" });
        return JSON.parse(localStorage.getItem("nest-haus")).session.id;
      };
      sessionAt(0);
      return [sessionAt(800), sessionAt(800 + pause), sessionAt(801 + 2 * pause)];
    }, 30 * MINUTE);
    assert.equal(same, first, "exactly 30 minutes");
    assert.notEqual(other, first, "a millisecond more");
  });

  test("what is no activity keeps no session alive, and begins none", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    const first = await visitor.sessionId();
    const passively = () =>
      visitor.page.evaluate(() => {
        globalThis.tracker.measure({ metricName: "price_calc_time", value: 3 });
        globalThis.tracker.exposure("colour", "green");
      });
    await setClock(visitor, 29 * MINUTE);
    await passively();
    await setClock(visitor, 31 * MINUTE);
    await passively();
    assert.equal(await visitor.sessionId(), first);
    await probe(visitor.page, 2, 2);
    assert.notEqual(await visitor.sessionId(), first);
  });

  test("after 24 hours a session ends, however busy it is", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    const first = await visitor.sessionId();
    for (let at = 20; at <= 24 * 60; at += 20) {
      await setClock(visitor, at * MINUTE);
      await probe(visitor.page, 2, 2);
    }
    assert.notEqual(await visitor.sessionId(), first);
  });

  test("another campaign begins a session if the visitor goes on from it", async () => {
    const visitor = await visit({ capture: true });
    await probe(visitor.page, 1, 1);
    const first = await visitor.sessionId();
    const page = (query) => testPage({ ...ALONE, capture: true }, query);
    await visitor.open(page("&utm_source=ad&utm_campaign=spring"));
    await visitor.open(page(""));
    await probe(visitor.page, 2, 2);
    assert.equal(await visitor.sessionId(), first, "left without doing anything");
    await visitor.open(page("&utm_source=ad&utm_campaign=spring"));
    await visitor.page.waitForTimeout(300);
    await probe(visitor.page, 3, 3);
    const second = await visitor.sessionId();
    assert.notEqual(second, first);
    await visitor.page.reload();
    await visitor.page.waitForTimeout(300);
    await probe(visitor.page, 4, 4);
    assert.equal(await visitor.sessionId(), second, "the same campaign");
    await sent(visitor);
    const visits = (await world.journey(second)).filter(
      ({ eventType }) => eventType === "page_visit",
    );
    assert.equal(visits.length, 2, "the visit by the campaign is of the session that it began");
  });
});
