// Nothing is stored or sent before the visitor agreed; a refusal leaves nothing behind.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { EXAMPLE, until } from "./visitor.mjs";
import { ALONE, createWorld, numbers, probe, sent, testPage } from "./world.mjs";

const UNSET = { capture: false, vitals: false };
const NOTHING = { cookies: [], local: {}, tab: {}, databases: [] };

suite("consent", () => {
  let world;

  before(async () => {
    world = await createWorld();
  });

  after(() => world?.stop());

  test("before a choice nothing is stored or sent, whatever the visitor does", async () => {
    const visitor = await world.visitor();
    await visitor.open(`${EXAMPLE}?utm_source=news&utm_medium=mail`);
    await visitor.choose("Larch battens");
    await visitor.page.mouse.wheel(0, 400);
    await wait(6000);
    assert.deepEqual(await visitor.traces(), NOTHING);
    await visitor.page.reload();
    assert.deepEqual(await visitor.traces(), NOTHING);
    assert.deepEqual(world.shop.sent(), []);
    assert.deepEqual(visitor.errors, []);
  });

  test("with consent it is told what the visitor did on this page before", async () => {
    const visitor = await world.visitor();
    await visitor.open(`${EXAMPLE}?utm_source=news&utm_medium=mail`);
    await visitor.page.waitForTimeout(300);
    const choseAt = Date.now();
    await visitor.choose("Larch battens");
    const tookMs = Date.now() - choseAt;
    await visitor.page.waitForTimeout(1000);
    await visitor.agree();
    await until(() => world.shop.sent().length > 1);
    assert.equal(world.shop.sent()[0].path, "/api/sessions/update-consent");
    const session = await visitor.sessionId();
    const rows = await world.journey(session);
    const chosen = rows.find(({ eventType }) => eventType === "selection");
    assert.equal(chosen.selectionValue, "holzlattung");
    const error = Date.parse(chosen.at) - choseAt;
    assert.ok(error > -100 && error < tookMs + 500, `told ${error} ms from when it was`);
    assert.ok(rows.some(({ eventType }) => eventType === "page_visit"));
    assert.deepEqual((await visitor.traces()).cookies, [], "no cookie, with consent either");
  });

  test("a refusal discards what was remembered, and nothing is captured any more", async () => {
    const visitor = await world.visitor();
    await visitor.open(EXAMPLE);
    await visitor.choose("Larch battens");
    await visitor.page.getByRole("button", { name: "Refuse" }).click();
    await visitor.choose("Black panels");
    await wait(5500);
    assert.deepEqual(await visitor.traces(), NOTHING);
    assert.deepEqual(world.shop.sent(), []);
  });

  test("who agrees after a refusal is heard from then on", async () => {
    const visitor = await world.visitor();
    await visitor.open(testPage(UNSET));
    await probe(visitor.page, 1, 3);
    await visitor.page.evaluate(() => {
      globalThis.tracker.consent.set({ analytics: false });
    });
    await probe(visitor.page, 4, 6);
    await visitor.page.evaluate(() => {
      globalThis.tracker.consent.set({ analytics: true });
    });
    await probe(visitor.page, 7, 9);
    await sent(visitor);
    assert.deepEqual(await world.values(await visitor.sessionId(), "probe"), numbers(7, 9));
  });

  for (const [signal, set] of [
    [
      "Global Privacy Control",
      () => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }),
    ],
    ["Do Not Track", () => Object.defineProperty(navigator, "doNotTrack", { value: "1" })],
  ]) {
    test(`${signal} counts as a refusal, even if the page says otherwise`, async () => {
      const visitor = await world.visitor();
      await visitor.context.addInitScript(set);
      await visitor.open(testPage(ALONE));
      await probe(visitor.page, 1, 30);
      await visitor.page.evaluate(() => {
        globalThis.tracker.consent.set({ analytics: true });
      });
      await probe(visitor.page, 31, 60);
      await wait(1000);
      assert.equal(await visitor.page.evaluate(() => globalThis.tracker.consent.get()), "denied");
      assert.deepEqual(await visitor.traces(), NOTHING);
      assert.deepEqual(world.shop.sent(), []);
    });
  }

  test("signals can be left to the page's own dialogue", async () => {
    const visitor = await world.visitor();
    await visitor.context.addInitScript(() => {
      Object.defineProperty(navigator, "globalPrivacyControl", { value: true });
    });
    await visitor.open(testPage({ ...ALONE, respectSignals: false }));
    await probe(visitor.page, 1, 2);
    await sent(visitor);
    assert.deepEqual(await world.values(await visitor.sessionId(), "probe"), numbers(1, 2));
  });

  test("withdrawal is told, forgets everything, and what waited is never sent", async () => {
    const visitor = await world.visitor();
    await visitor.open(testPage(ALONE));
    const other = await visitor.context.newPage();
    await probe(visitor.page, 1, 3);
    await sent(visitor);
    const session = await visitor.sessionId();
    await visitor.open(testPage({ capture: false, vitals: false }), other);
    assert.equal(await other.evaluate(() => globalThis.tracker.consent.get()), "granted");

    world.shop.interfere = () => ({ status: 503 });
    await probe(visitor.page, 4, 40);
    await until(async () => (await visitor.queued()).length === 37);
    const from = world.shop.requests.length;
    await visitor.page.evaluate(() => {
      globalThis.tracker.consent.set({ analytics: false, functional: true });
    });
    await probe(visitor.page, 41, 80);
    await until(() => other.evaluate(() => globalThis.tracker.consent.get() === "denied"));
    await probe(other, 81, 120);
    world.shop.interfere = () => undefined;
    const told = () => world.shop.requests.slice(from);
    await until(() => told().some(({ status }) => status === 202));
    await wait(1000);
    const paths = new Set(told().map(({ path }) => path));
    assert.deepEqual([...paths], ["/api/sessions/update-consent"]);
    const { body } = told().at(-1);
    assert.deepEqual([body.analyticsConsent, body.functionalConsent], [false, true]);
    assert.equal(body.sessionId, session);
    assert.equal(body.visitorId, undefined);
    assert.deepEqual(await visitor.traces(), NOTHING);

    await world.drain();
    const { session: ledger } = await world.system.ledger(session);
    assert.equal(ledger.transmissions.difference, 0);
    await world.assertClosed(session);
  });

  test("a choice that changes is told once", async () => {
    const visitor = await world.visitor();
    await visitor.open(testPage(ALONE));
    await probe(visitor.page, 1, 1);
    await sent(visitor);
    await visitor.page.evaluate(() => {
      globalThis.tracker.consent.set({ analytics: true, marketing: true });
      globalThis.tracker.consent.set({ analytics: true, marketing: true });
    });
    await sent(visitor);
    const told = world.shop.requests.filter(({ path }) => path.endsWith("update-consent"));
    assert.deepEqual(
      told.map(({ body }) => body.marketingConsent),
      [false, true],
    );
  });

  test("another tab goes on with the choice of this one", async () => {
    const visitor = await world.visitor();
    await visitor.open(testPage(UNSET));
    const other = await visitor.context.newPage();
    await visitor.open(testPage(UNSET), other);
    await probe(other, 1, 2);
    await probe(visitor.page, 3, 4);
    await visitor.page.evaluate(() => {
      globalThis.tracker.consent.set({ analytics: true });
    });
    await until(() => other.evaluate(() => globalThis.tracker.consent.get() === "granted"));
    await sent(visitor);
    await sent(visitor, other);
    assert.deepEqual(await world.values(await visitor.sessionId(), "probe"), numbers(1, 4));
  });
});
