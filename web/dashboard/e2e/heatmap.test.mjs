// The heat map shows what the API answers: pages, elements, places of clicks, scroll depths.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startDashboard } from "./system.mjs";

const RANGE = { timeRange: "30d", tz: "Europe/Vienna" };
const PATH = "/api/admin/analytics/heatmap";
const count = (number) => new Intl.NumberFormat("en-GB").format(number);

suite("heat map", () => {
  let dashboard;
  let tab;
  let page;

  before(async () => {
    dashboard = await startDashboard();
    tab = await dashboard.openPage();
    page = tab.page;
  });

  after(async () => {
    await dashboard?.stop();
  });

  async function ask(query = {}) {
    const asked = new URLSearchParams({ ...RANGE, ...query });
    const { status, body } = await dashboard.system.get(`${PATH}?${asked}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  async function cellsOf(table) {
    const region = page.getByRole("region", { name: `Table: ${table}, can be scrolled sideways` });
    return region
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.map((row) =>
          [...row.cells].map((cell) => (cell.querySelector("p") ?? cell).textContent),
        ),
      );
  }

  test("pages and friction are those of the API", async () => {
    await tab.open(`/heatmap?${new URLSearchParams(RANGE)}`);
    const { pages, indecision } = await ask();
    assert.deepEqual(
      await cellsOf("Pages"),
      pages.map(({ page, clicks, rage, dead, elements }) => [
        page,
        ...[clicks, rage, dead, elements].map(count),
      ]),
    );
    const friction = page.getByRole("region", { name: "Could not decide" });
    await friction.getByRole("button", { name: "Show as table" }).click();
    assert.deepEqual(
      (await cellsOf("Could not decide")).map(([, sessions, times]) => [sessions, times]),
      indecision.map(({ sessions, times }) => [count(sessions), count(times)]),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("a page opens with its elements, its scroll depths and a map", async () => {
    const { pages } = await ask();
    const [first] = pages;
    await page.getByRole("button", { name: `Open ${first.page}`, exact: true }).click();
    await page.waitForURL(/page=/);
    await tab.loaded();
    const { elements, scroll } = await ask({ page: first.page });
    assert.deepEqual(
      await cellsOf("Elements"),
      elements.map(({ elementId, clicks, rage, dead, placeless }) => [
        elementId,
        ...[clicks, rage, dead, placeless].map(count),
      ]),
    );
    assert.deepEqual(
      (await cellsOf("Scroll depth")).map(([, views]) => views),
      scroll.map(({ pageViews }) => count(pageViews)),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("another element is chosen, is in the address, and its places show", async () => {
    const { pages } = await ask();
    const { elements } = await ask({ page: pages[0].page });
    const { elementId } = elements[1];
    await page.getByRole("button", { name: `Show ${elementId} on the map` }).click();
    await page.waitForURL(/element=/);
    await tab.loaded();
    const { layers } = await ask({ page: pages[0].page, element: elementId });
    const map = page.getByRole("region", { name: `Where on «${elementId}»` });
    await map.getByRole("button", { name: "Show as table" }).click();
    const cells = await cellsOf(`Clicks on ${elementId} by place`);
    const total = cells.reduce((sum, [, , clicks]) => sum + Number(clicks), 0);
    const sums = layers.map((layer) => layer.cells.reduce((sum, { clicks }) => sum + clicks, 0));
    assert.equal(total, Math.max(...sums));
    assert.deepEqual(tab.takeProblems(), []);
  });
});
