// Nothing that the tracker took is lost, and nothing is stored twice: not offline, not while the server is
// away or asks for patience, not by a crash, a kill or a reload.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { until } from "./visitor.mjs";
import { ALONE, createWorld, numbers, probe, sent, testPage } from "./world.mjs";

const BATCH = "/api/sessions/track-batch";

suite("delivery", () => {
  let world;

  before(async () => {
    world = await createWorld();
  });

  after(() => world?.stop());

  /** A visitor on the page for tests, where nothing is captured. */
  async function visit() {
    const visitor = await world.visitor();
    await visitor.open(testPage(ALONE));
    return visitor;
  }

  /** Asserts that probes are stored, once each. */
  async function assertStored(sessionId, expected) {
    assert.deepEqual(await world.values(sessionId, "probe"), expected);
    return world.assertClosed(sessionId);
  }

  test("twenty events go at once, fewer after five seconds", async () => {
    const visitor = await visit();
    const batches = () => world.shop.requests.filter(({ path }) => path === BATCH);
    await probe(visitor.page, 1, 20);
    await until(() => batches().length === 1);
    assert.equal(batches()[0].body.events.length, 20);
    await sent(visitor);
    const told = Date.now();
    await probe(visitor.page, 21, 21);
    await until(() => batches().length === 2);
    const passed = Date.now() - told;
    assert.ok(passed > 3000 && passed < 7000, `${passed} ms`);
    await sent(visitor);
    await assertStored(await visitor.sessionId(), numbers(1, 21));
  });

  test("offline for a while, over a reload and another page", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 5);
    await sent(visitor);
    const session = await visitor.sessionId();
    await visitor.context.setOffline(true);
    await probe(visitor.page, 6, 50);
    await until(async () => (await visitor.queued()).length === 45);
    assert.equal(await visitor.page.evaluate(() => globalThis.tracker.flush()), false);
    await visitor.context.setOffline(false);
    world.shop.interfere = () => ({ status: 503 });
    await visitor.page.reload();
    await probe(visitor.page, 51, 60);
    await visitor.open(testPage(ALONE, "&second"));
    await probe(visitor.page, 61, 70);
    world.shop.interfere = () => undefined;
    await sent(visitor);
    const ledger = await assertStored(session, numbers(1, 70));
    assert.equal(ledger.tabs.length, 1, "a tab counts on over reloads and pages");
  });

  test("a server that is away is asked again, later and later", async () => {
    const visitor = await visit();
    const times = [];
    world.shop.interfere = () => {
      times.push(Date.now());
      return times.length <= 3 ? { status: 503 } : undefined;
    };
    await probe(visitor.page, 1, 25);
    await sent(visitor);
    assert.ok(times.length >= 4, `${times.length} attempts`);
    await assertStored(await visitor.sessionId(), numbers(1, 25));
  });

  test("a server that asks for patience gets it, from every tab", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    const other = await visitor.context.newPage();
    await visitor.open(testPage(ALONE), other);
    const times = [];
    world.shop.interfere = () => {
      times.push(Date.now());
      return times.length === 1 ? { status: 429, headers: { "retry-after": "3" } } : undefined;
    };
    await probe(visitor.page, 2, 30);
    await until(() => times.length === 1);
    await probe(other, 31, 60);
    await other.evaluate(() => globalThis.tracker.flush());
    await other.evaluate(() => window.dispatchEvent(new Event("online")));
    await until(() => times.length > 1);
    assert.ok(times[1] - times[0] >= 2900, `asked again after ${times[1] - times[0]} ms`);
    await sent(visitor);
    await assertStored(await visitor.sessionId(), numbers(1, 60));
  });

  test("a server that asks for patience gets it, from the next page too", async () => {
    const visitor = await visit();
    const times = [];
    world.shop.interfere = () => {
      times.push(Date.now());
      return times.length === 1 ? { status: 429, headers: { "retry-after": "3" } } : undefined;
    };
    await probe(visitor.page, 1, 20);
    await until(() => times.length === 1);
    await visitor.page.reload();
    await probe(visitor.page, 21, 40);
    assert.equal(await visitor.page.evaluate(() => globalThis.tracker.flush()), false);
    await until(() => times.length > 1);
    assert.ok(times[1] - times[0] >= 2900, `asked again after ${times[1] - times[0]} ms`);
    await sent(visitor);
    await assertStored(await visitor.sessionId(), numbers(1, 40));
  });

  test("what waits goes when the page is hidden, as a text and without cookies", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    await visitor.context.addCookies([{ name: "shop", value: "1", url: world.shop.base }]);
    const batches = () => world.shop.requests.filter(({ path }) => path === BATCH);
    const before = batches().length;
    const told = Date.now();
    await probe(visitor.page, 2, 4);
    await visitor.page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      delete document.hidden;
    });
    await until(() => batches().length > before);
    assert.ok(Date.now() - told < 3000, "sooner than a batch is due");
    const { headers, body } = batches().at(-1);
    assert.equal(body.events.length, 3);
    assert.match(headers["content-type"], /^text\/plain/);
    assert.equal(headers.cookie, undefined);
    await sent(visitor);
    await assertStored(await visitor.sessionId(), numbers(1, 4));
  });

  test("an answer that is lost makes nothing double", async () => {
    const visitor = await visit();
    let lost = 0;
    world.shop.interfere = async (note) => {
      if (note.path !== BATCH || lost > 0) return undefined;
      lost += 1;
      await fetch(world.system.base + note.path, {
        method: "POST",
        body: JSON.stringify(note.body),
      });
      return { status: 502 };
    };
    await probe(visitor.page, 1, 20);
    await sent(visitor);
    assert.equal(lost, 1);
    const ledger = await assertStored(await visitor.sessionId(), numbers(1, 20));
    assert.equal(ledger.transmissions.duplicate, 20);
  });

  test("somebody else's answer does not count", async () => {
    const visitor = await visit();
    let portals = 0;
    world.shop.interfere = () => {
      portals += 1;
      const html = { "content-type": "text/html" };
      return portals <= 2 ? { status: 200, headers: html, body: "<p>Log in</p>" } : undefined;
    };
    await probe(visitor.page, 1, 20);
    await sent(visitor);
    assert.ok(portals > 2);
    await assertStored(await visitor.sessionId(), numbers(1, 20));
  });

  test("what is too large is halved", async () => {
    const visitor = await visit();
    world.shop.interfere = ({ body }) => (body.events?.length > 6 ? { status: 413 } : undefined);
    await probe(visitor.page, 1, 25);
    await sent(visitor);
    await assertStored(await visitor.sessionId(), numbers(1, 25));
  });

  test("what the server refuses is not sent again, and counted", async () => {
    const visitor = await visit();
    await visitor.page.evaluate(() => {
      globalThis.tracker.track({ eventType: "x".repeat(101), category: "test" });
      globalThis.tracker.measure({ metricName: "LCP" });
    });
    await probe(visitor.page, 1, 3);
    await sent(visitor);
    const { tabs } = await assertStored(await visitor.sessionId(), numbers(1, 3));
    assert.equal(tabs[0].rejected, 2);
  });

  test("a request that is refused altogether is given up, and counted", async () => {
    const visitor = await visit();
    world.shop.interfere = ({ path }) => (path === BATCH ? { status: 403 } : undefined);
    await probe(visitor.page, 1, 20);
    await sent(visitor);
    world.shop.interfere = () => undefined;
    await probe(visitor.page, 21, 22);
    await sent(visitor);
    const { tabs } = await assertStored(await visitor.sessionId(), numbers(21, 22));
    assert.equal(tabs[0].droppedLocal, 20);
  });

  test("a tab that crashes loses nothing", async () => {
    const visitor = await visit();
    world.shop.interfere = () => ({ status: 503 });
    await probe(visitor.page, 1, 30);
    await until(async () => (await visitor.queued()).length === 31);
    const session = await visitor.sessionId();
    const crashed = visitor.page.waitForEvent("crash");
    visitor.page.goto("chrome://crash").catch(() => {});
    await crashed;
    world.shop.interfere = () => undefined;
    visitor.page = await visitor.context.newPage();
    await visitor.open(testPage(ALONE));
    await probe(visitor.page, 31, 35);
    await sent(visitor);
    const { tabs } = await assertStored(session, numbers(1, 35));
    assert.equal(tabs.length, 2, "nobody counts on where a crash left off");
  });

  test("a browser that is closed loses nothing, days later", async () => {
    const visitor = await visit();
    world.shop.interfere = () => ({ status: 503 });
    await probe(visitor.page, 1, 30);
    await until(async () => (await visitor.queued()).length === 31);
    const session = await visitor.sessionId();
    await visitor.close();
    const again = await world.visitor({ folder: visitor.folder });
    await again.open(testPage(ALONE));
    await sent(again);
    await assertStored(session, numbers(1, 30));
  });

  test("a browser that is killed loses nothing, though it may forget who agreed", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 5);
    await sent(visitor);
    const session = await visitor.sessionId();
    world.shop.interfere = () => ({ status: 503 });
    await probe(visitor.page, 6, 30);
    await until(async () => (await visitor.queued()).length === 25);
    await probe(visitor.page, 31, 31);
    await until(async () => (await visitor.queued()).length === 26);
    await visitor.kill();
    const again = await world.visitor({ folder: visitor.folder });
    await again.open(testPage({ ...ALONE, consent: undefined }));
    await again.page.evaluate(() => globalThis.tracker.consent.set({ analytics: true }));
    await sent(again);
    const { transmissions } = await assertStored(session, numbers(1, 31));
    assert.equal(transmissions.duplicate, 0);
  });

  test("a browser that is killed before the answer came sends again, which is stored once", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    const session = await visitor.sessionId();
    let taken = 0;
    world.shop.interfere = async (note) => {
      await fetch(world.system.base + note.path, {
        method: "POST",
        body: JSON.stringify(note.body),
      });
      taken += 1;
      return new Promise(() => {});
    };
    await probe(visitor.page, 2, 21);
    await until(async () => taken > 0 && (await visitor.queued()).length === 20);
    await visitor.kill();
    const again = await world.visitor({ folder: visitor.folder });
    await again.open(testPage(ALONE));
    await sent(again);
    const { transmissions } = await assertStored(session, numbers(1, 21));
    assert.equal(transmissions.duplicate, 20);
  });

  test("two tabs share a session, number for themselves and send one at a time", async () => {
    const visitor = await visit();
    await probe(visitor.page, 101, 101);
    const other = await visitor.context.newPage();
    await visitor.open(testPage(ALONE), other);
    let underWay = 0;
    let most = 0;
    world.shop.interfere = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((done) => setTimeout(done, 50));
      underWay -= 1;
    };
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        probe(visitor.page, 1 + round * 20, 10 + round * 20),
        probe(other, 11 + round * 20, 20 + round * 20),
      ]);
    }
    await sent(visitor);
    await sent(visitor, other);
    assert.equal(most, 1, "requests at the same time");
    const session = await visitor.sessionId();
    const stored = await world.values(session, "probe");
    assert.deepEqual(
      stored
        .map(Number)
        .sort((a, b) => a - b)
        .map(String),
      numbers(1, 101),
    );
    const { tabs, transmissions } = await world.assertClosed(session);
    assert.equal(tabs.length, 2);
    assert.equal(transmissions.duplicate, 0);
  });

  test("a copied tab numbers for itself", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 3);
    await sent(visitor);
    const opened = visitor.context.waitForEvent("page");
    await visitor.page.evaluate(() => void window.open(location.href));
    const copy = await opened;
    await copy.waitForFunction(() => globalThis.tracker);
    await probe(copy, 4, 6);
    await probe(visitor.page, 7, 9);
    await sent(visitor);
    await sent(visitor, copy);
    const { tabs } = await world.assertClosed(await visitor.sessionId());
    assert.equal(tabs.length, 2);
  });

  test("what is told last before the page goes away arrives", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    const session = await visitor.sessionId();
    await visitor.page.evaluate(() => {
      addEventListener("pagehide", () => {
        const last = { eventType: "probe", category: "test", selectionValue: "3" };
        globalThis.tracker.track(last);
        globalThis.tracker.saveConfiguration({ nest: "x" }, { price: 5, reason: "leave" });
      });
    });
    await probe(visitor.page, 2, 2);
    await visitor.page.evaluate(() => location.assign("/example/style.css"));
    const leftWith = async () => {
      const rows = await world.journey(session);
      return rows.find(({ trigger }) => trigger === "finalize");
    };
    await until(leftWith, () => "the configuration did not arrive");
    assert.deepEqual(await world.values(session, "probe"), numbers(1, 3));
  });

  test("who leaves before the server took the consent is heard all the same", async () => {
    const visitor = await world.visitor();
    world.shop.interfere = () => new Promise((done) => setTimeout(done, 700));
    await visitor.open(testPage(ALONE));
    await probe(visitor.page, 1, 3);
    const session = await visitor.sessionId();
    await visitor.page.reload();
    await probe(visitor.page, 4, 6);
    await sent(visitor);
    await until(async () => (await world.values(session, "probe")).length === 6);
    await assertStored(session, numbers(1, 6));
  });

  test("at 1,000 waiting the least important goes first, and is counted", async () => {
    const visitor = await visit();
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    world.shop.interfere = () => ({ status: 503 });
    await visitor.page.evaluate(() => {
      const tell = (eventType, index) =>
        globalThis.tracker.track({ eventType, category: "test", selectionValue: String(index) });
      for (let index = 0; index < 300; index += 1) tell("hover", index);
      for (let index = 0; index < 900; index += 1) tell("click", index);
      globalThis.tracker.select("fenster", "holz", { price: 1 });
    });
    await until(async () => (await visitor.queued()).length === 1000);
    world.shop.interfere = () => undefined;
    await visitor.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await sent(visitor);
    const session = await visitor.sessionId();
    for (const { body } of world.shop.sent()) assert.ok((body.events?.length ?? 1) <= 100);
    assert.equal((await world.values(session, "click")).length, 900);
    assert.equal((await world.values(session, "hover")).length, 99, "the latest");
    assert.deepEqual(await world.values(session, "selection"), ["holz"]);
    const { tabs } = await world.assertClosed(session);
    assert.equal(tabs[0].droppedLocal, 201);
  });

  test("what the server does not want for a time is not sent, and counted", async () => {
    const visitor = await visit();
    world.shop.interfere = async (note) => {
      const init = { method: "POST", body: JSON.stringify(note.body) };
      const answer = await fetch(world.system.base + note.path, init);
      const sampling = { hover: 0 };
      const body = JSON.stringify({ ...(await answer.json()), sampling });
      return { status: answer.status, headers: { "retry-after": "60" }, body };
    };
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    await visitor.page.evaluate(() => {
      const tell = (eventType) => globalThis.tracker.track({ eventType, category: "test" });
      for (const eventType of ["hover", "click", "hover"]) tell(eventType);
    });
    await sent(visitor);
    const session = await visitor.sessionId();
    assert.equal((await world.values(session, "hover")).length, 0);
    assert.equal((await world.values(session, "click")).length, 1);
    const { tabs } = await world.assertClosed(session);
    assert.equal(tabs[0].droppedLocal, 2);
  });
});
