// What visitors do on a page with the tracker is what the dashboard shows, number by number.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startShop } from "../../tracker/e2e/shop.mjs";
import { EXAMPLE, openVisitor, until } from "../../tracker/e2e/visitor.mjs";
import { AGENTS } from "./live.mjs";
import { startDashboard } from "./system.mjs";

const DESKTOP = {
  viewport: { width: 1280, height: 800 },
  userAgent: AGENTS.desktop,
};
const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  userAgent: AGENTS.mobile,
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
  /** The sessions of those who agreed. */
  const sessions = {};
  const visitors = [];

  before(async () => {
    dashboard = await startDashboard({ simulated: false });
    shop = await startShop(dashboard.system);
    sessions.buyer = await whoBuys();
    sessions.looker = await whoLooks();
    sessions.stayer = await whoStays();
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

  /** Leaves the page, and waits until all that the visitor did is with the server. Gives the session. */
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
    return leave(visitor);
  }

  /** By phone: black panels. €213,032 + €36,011. */
  async function whoLooks() {
    const visitor = await enter(PHONE);
    await visitor.agree();
    await visitor.choose("Black panels");
    return leave(visitor);
  }

  /** At a desk: agrees, and does nothing else. */
  async function whoStays() {
    const visitor = await enter(DESKTOP);
    await visitor.agree();
    return leave(visitor);
  }

  /** At a desk: refuses, and then chooses. */
  async function whoRefuses() {
    const visitor = await enter(DESKTOP);
    await visitor.page.getByRole("button", { name: "Refuse" }).click();
    await visitor.choose("Larch battens");
    await visitor.close();
  }

  /** The lines of a part of the page that has a name. */
  async function linesOf(role, name) {
    const [text] = await tab.page.getByRole(role, { name, exact: true }).allInnerTexts();
    return (text ?? "").split(/[\n\t]+/).filter(Boolean);
  }

  /** The lines of a number's tile: its value, and what stands below it. */
  async function tile(name) {
    const lines = await linesOf("region", name);
    return lines.slice(1);
  }

  /** The texts of a table's rows, cells apart by semicolons, in a part of the page. */
  async function rowsOf(part) {
    const rows = await part
      .locator("tbody tr")
      .evaluateAll((all) => all.map(({ cells }) => [...cells].map((each) => each.textContent)));
    return rows.map((cells) => cells.join("; "));
  }

  /** What the browsers told the server of one session, once each. */
  function eventsOf(sessionId) {
    const events = shop.sent().flatMap(({ body }) => {
      if (body?.sessionId !== sessionId) return [];
      return body.events ?? body.metrics ?? [body];
    });
    return [...new Map(events.map((event) => [event.eventId, event])).values()];
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

  test("sessions", async () => {
    await tab.open(`/sessions${RANGE}`);
    const rows = await rowsOf(tab.page.getByRole("main"));
    const rowOf = (session) => rows.find((row) => row.includes(session)) ?? "";
    assert.equal(rows.length, 3, rows.join("; "));
    const [buyer, looker, stayer] = [sessions.buyer, sessions.looker, sessions.stayer].map(rowOf);
    for (const part of ["In the cart", "€258,017", "Desktop", "Direct", EXAMPLE]) {
      assert.ok(buyer.includes(part), `${part}: ${buyer}`);
    }
    for (const part of ["Open", "€249,043", "Phone", "Direct", EXAMPLE]) {
      assert.ok(looker.includes(part), `${part}: ${looker}`);
    }
    assert.ok(stayer.includes("Desktop"), stayer);
    assert.doesNotMatch(stayer, /€/);
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("a session, step by step", async () => {
    const events = eventsOf(sessions.buyer);
    await tab.open(`/sessions/${sessions.buyer}${RANGE}`);
    assert.equal((await tile("Status"))[0], "In the cart");
    assert.equal((await tile("Visits"))[0], "1");
    assert.equal((await tile("Stored events"))[0], String(events.length));
    assert.equal((await tile("Missing events"))[0], "0");
    const timeline = tab.page.getByRole("region", { name: "Timeline", exact: true });
    const rows = await timeline.getByRole("listitem").allInnerTexts();
    const chosen = rows
      .filter((row) => /\bChose\b/.test(row))
      .map((row) => row.replace(/\s+/g, " "));
    assert.equal(chosen.length, 2, rows.join("; "));
    assert.match(chosen[0], /Holzlattung Lärche Natur.*€237,445/);
    assert.match(chosen[1], /Photovoltaik.*€258,017/);
    assert.ok(
      rows.some((row) => row.includes("Put into the cart")),
      rows.join("; "),
    );
    assert.ok((await linesOf("region", "At this moment")).includes("€258,017"));
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("heat map", async () => {
    await tab.open(`/heatmap${RANGE}`);
    const part = (name) => tab.page.getByRole("region", { name, exact: true });
    assert.deepEqual(await rowsOf(part("Pages")), [`${EXAMPLE}; 4; 0; 0; 4`]);
    await tab.open(`/heatmap${RANGE}&page=${encodeURIComponent(EXAMPLE)}`);
    const elements = await rowsOf(part("Elements"));
    assert.deepEqual(elements.sort(), [
      "gebaeudehuelle:fassadenplatten_schwarz; 1; 0; 0; 0",
      "gebaeudehuelle:holzlattung; 1; 0; 0; 0",
      "pvanlage:pv_modules; 1; 0; 0; 0",
      "to-cart; 1; 0; 0; 0",
    ]);
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("performance", async () => {
    const values = (name) =>
      Object.values(sessions)
        .flatMap(eventsOf)
        .filter(({ metricName }) => metricName === name);
    await tab.open(`/performance${RANGE}`);
    for (const [name, label] of [
      ["LCP", "Largest content shows"],
      ["FCP", "First content shows"],
      ["TTFB", "First byte"],
    ]) {
      const lines = await tile(label);
      const measured = values(name).length;
      assert.ok(measured > 0, name);
      const wanted = new RegExp(`\\b${measured} measurements?$`);
      assert.ok(
        lines.some((line) => wanted.test(line)),
        `${measured} of ${name}: ${lines.join("; ")}`,
      );
    }
    assert.deepEqual(tab.takeProblems(), []);
  });
});
