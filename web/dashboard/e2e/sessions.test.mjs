// The list of sessions and the page of one show what the API answers, and live in the address.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count, money } from "./formats.mjs";
import { RANGE } from "./page.mjs";
import { openDashboard } from "./system.mjs";

suite("sessions", async () => {
  const { tab, page } = await openDashboard();
  const list = (query) => tab.report("sessions", query);
  const journeyOf = (query) => tab.ask("/api/admin/analytics/user-journey", query);

  /** The sessions and prices of the rows that show, from top to bottom. */
  async function rowsOnScreen() {
    const visits = await page.locator("tbody td:first-child").allInnerTexts();
    const prices = await page.locator("tbody td:nth-child(4)").allInnerTexts();
    return visits.map((visit, row) => {
      const id = visit
        .split("\n")
        .at(-1)
        .replace(/^visit \d+ · /, "");
      return [id, prices[row].split("\n")[0]];
    });
  }

  async function assertList(query) {
    const { visits, count: all } = await list({ ...query, limit: 50 });
    await page.getByText(`${visits.length} of ${count(all)} visits`).waitFor();
    const wanted = visits.map(({ sessionId, priceCents }) => [sessionId, money(priceCents)]);
    assert.deepEqual(await rowsOnScreen(), wanted);
  }

  test("the list has the visits of the API, in its order", async () => {
    await tab.open(`/sessions?${new URLSearchParams(RANGE)}`);
    await assertList({});
    assert.deepEqual(await tab.violations(), []);
  });

  test("filters and order are in the address, and an address shows them", async () => {
    await tab.choose("Device", "Phone");
    await page.getByRole("button", { name: "More filters" }).click();
    await page.getByLabel("Price from").fill("300000");
    await page.getByRole("button", { name: "Price", exact: true }).click();
    await page.waitForURL(/sort=price/);
    await page.waitForURL(/minPriceCents=30000000/);
    await tab.loaded();
    const filters = { device: "mobile", minPriceCents: "30000000", sort: "price" };
    const address = new URL(page.url()).searchParams;
    for (const [name, value] of Object.entries(filters)) assert.equal(address.get(name), value);
    await assertList(filters);
    await page.reload();
    await tab.loaded();
    await assertList(filters);
    assert.deepEqual(await tab.violations(), []);
  });

  test("filters without a visit say so, and can be taken away", async () => {
    await tab.open(`/sessions?${new URLSearchParams({ ...RANGE, search: "nobody_has_this" })}`);
    await page.getByText("No visit passes these filters").waitFor();
    await page.getByRole("button", { name: "Take all filters away" }).click();
    await tab.loaded();
    await assertList({});
  });

  test("more visits follow those that show", async () => {
    const first = await list({ limit: 50 });
    const second = await list({ limit: 50, cursor: first.nextCursor });
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByText(`${50 + second.visits.length} of`).waitFor();
    const ids = [...first.visits, ...second.visits].map(({ sessionId }) => sessionId);
    assert.deepEqual(
      (await rowsOnScreen()).map(([id]) => id),
      ids,
    );
  });

  test("a session shows its journey, and steps from moment to moment", async () => {
    const orders = await list({ hasOrder: "true", limit: 1 });
    const { sessionId } = orders.visits[0];
    const journey = await journeyOf({ sessionId, limit: 500 });
    await tab.open(`/sessions?${new URLSearchParams({ ...RANGE, hasOrder: "true" })}`);
    await page.locator("tbody a").first().click();
    await page.getByRole("heading", { level: 1, name: "Session", exact: true }).waitFor();
    await tab.loaded();
    assert.equal(new URL(page.url()).pathname, `/admin/sessions/${sessionId}`);
    const { events, visits, missing } = journey.session;
    await tab.metricIs("Stored events", events);
    await tab.metricIs("Visits", visits);
    await tab.metricIs("Missing events", missing);
    const moments = journey.rows.filter(isMoment);
    await assertMoment(sessionId, moments.at(-1).id, moments.length, moments.length);
    await page.keyboard.press("ArrowLeft");
    await page.waitForURL(/at=/);
    await tab.loaded();
    const before = moments.at(-2).id;
    assert.equal(new URL(page.url()).searchParams.get("at"), before);
    await assertMoment(sessionId, before, moments.length - 1, moments.length);
    await page.reload();
    await tab.loaded();
    await assertMoment(sessionId, before, moments.length - 1, moments.length);
    assert.deepEqual(await tab.violations(), []);
  });

  test("a session shows every row, and what became of its events", async () => {
    const { visits } = await list({ hasOrder: "true", limit: 1 });
    const { sessionId } = visits[0];
    const { rows } = await journeyOf({ sessionId, limit: 500 });
    const { session } = await tab.report("data-quality", { sessionId });
    await tab.open(`/sessions/${sessionId}?show=everything`);
    await page.getByText(`${rows.length} of ${rows.length} rows`).waitFor();
    assert.equal(await page.locator("ol > li").count(), rows.length);
    const [ledger] = session.tabs;
    const shown = await page
      .locator("tbody tr", { hasText: ledger.tabId })
      .locator("td")
      .allInnerTexts();
    const { tabId, emitted, stored, droppedLocal, rejected, dead, erased } = ledger;
    const fates = [
      emitted,
      stored,
      droppedLocal,
      rejected,
      dead,
      erased,
      ledger.inFlight,
      ledger.unknown,
      ledger.overcounted,
    ];
    assert.deepEqual(shown, [tabId, ...fates.map(String)]);
  });

  test("missing events stand in the timeline", async () => {
    const { sessionId, gap } = await sessionWithGap();
    await tab.open(`/sessions/${sessionId}?show=trouble`);
    const sentence = gap.count === 1 ? "1 event is missing" : `${gap.count} events are missing`;
    await page.getByText(sentence, { exact: true }).first().waitFor();
  });

  test("the overview leads to those who left at a step, as many as it says", async () => {
    await tab.open(`/?${new URLSearchParams(RANGE)}`);
    const row = page.locator("tr", { hasText: "Cart" }).filter({ has: page.locator("a") });
    const link = row.getByRole("link");
    const [count] = (await link.textContent()).split(" · ");
    await link.click();
    await page.waitForURL(/hasCart=true/);
    await page.getByText(`of ${count} visits`).waitFor();
  });

  test("a session that is not there says so", async () => {
    tab.takeProblems();
    await tab.open("/sessions/nobody");
    await page.getByRole("alert").getByText("This is not there (any more).").waitFor();
    assert.equal(
      tab.takeProblems().every((problem) => problem.includes("404")),
      true,
    );
  });

  async function sessionWithGap() {
    const { visits } = await list({ sort: "engaged", limit: 100 });
    for (const { sessionId } of visits) {
      const { rows } = await journeyOf({ sessionId, limit: 500 });
      const gap = rows.find(({ kind }) => kind === "gap");
      if (gap) return { sessionId, gap };
    }
    return assert.fail("no session with missing events among the simulated ones");
  }

  /** The panel shows the configuration that the API tells for the moment. */
  async function assertMoment(sessionId, at, place, count) {
    const { state } = await journeyOf({ sessionId, at, limit: 1 });
    const { catalogue } = await tab.ask("/api/catalog");
    const panel = page.getByRole("region", { name: "At this moment" });
    await panel.getByText(`moment ${place} of ${count}`).waitFor();
    await panel.getByText(money(state.totalPriceCents), { exact: true }).waitFor();
    const categories = await panel.locator("th").allInnerTexts();
    const options = await panel.locator("td > div [lang=de]").allInnerTexts();
    const shown = categories.map((category, row) => [category, options[row]]);
    const wanted = catalogue.categories.flatMap(({ id, name, options }) => {
      const option = state.selections[id]?.option;
      return option ? [[name, options.find((each) => each.id === option).name]] : [];
    });
    assert.deepEqual(shown, wanted);
  }
});

/** Rows that say what the configuration was, or change it. */
function isMoment({ id, kind, dwell, eventType }) {
  return id !== null && (kind === "configuration" || dwell !== null || eventType === "selection");
}
