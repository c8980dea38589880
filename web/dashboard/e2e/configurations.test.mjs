// The page of configurations shows what the API answers: options, houses, prices.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startDashboard } from "./system.mjs";

const RANGE = { timeRange: "30d", tz: "Europe/Vienna" };
const count = (number) => new Intl.NumberFormat("en-GB").format(number);
const share = (value) =>
  value == null
    ? "–"
    : new Intl.NumberFormat("en-GB", {
        style: "percent",
        minimumFractionDigits: 1,
        maximumFractionDigits: 1,
      }).format(value);
const money = (cents) =>
  cents == null
    ? "–"
    : new Intl.NumberFormat("en-GB", {
        style: "currency",
        currency: "EUR",
        maximumFractionDigits: 0,
      }).format(cents / 100);

suite("configurations", () => {
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

  async function ask(report, query = {}) {
    const asked = new URLSearchParams({ ...RANGE, ...query });
    const path = `/api/admin/analytics/${report}?${asked}`;
    const { status, body } = await dashboard.system.get(path);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  /** The first lines of the cells of a table. */
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

  test("options, houses and prices are those of the API", async () => {
    await tab.open(`/configurations?${new URLSearchParams(RANGE)}`);
    const report = await ask("popular-configs", { limit: "10" });
    const options = await cellsOf("Options");
    assert.deepEqual(
      options.map(([name, votes, take]) => [name, votes, take]),
      report.options.map(({ name, votes, takeRate }) => [
        name,
        count(votes),
        share(takeRate.value),
      ]),
    );
    const houses = await cellsOf("Most popular configurations");
    const listed = report.configurations.map(({ votes }) => count(votes));
    assert.deepEqual(
      houses.map(([, votes]) => votes),
      [...listed, count(report.other.votes)],
    );
    const { distribution } = await ask("price-distribution");
    const quantiles = await cellsOf("Quantiles");
    const { p5, p10, p25, p50, p75, p90, p95 } = distribution.percentiles;
    assert.deepEqual(
      quantiles.map(([, price]) => price),
      [distribution.minCents, p5, p10, p25, p50, p75, p90, p95, distribution.maxCents].map(money),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("basis, category and slice are in the address, and change what shows", async () => {
    await page.getByRole("combobox", { name: "Which configuration counts" }).click();
    await page.getByRole("option", { name: "Every one" }).click();
    await page.getByRole("combobox", { name: "Category" }).click();
    await page.getByRole("option", { name: "Fenster" }).click();
    await page.getByText("Status", { exact: true }).click();
    await page.waitForURL(/slice=byStatus/);
    assert.match(page.url(), /basis=ever.*category=fenster/);
    await tab.loaded();
    const { options } = await ask("popular-configs", { basis: "ever" });
    const windows = options.filter(({ category }) => category === "fenster");
    assert.deepEqual(
      (await cellsOf("Options")).map(([name, votes]) => [name, votes]),
      windows.map(({ name, votes }) => [name, count(votes)]),
    );
    const { byStatus } = await ask("price-distribution", { basis: "ever" });
    assert.deepEqual(
      (await cellsOf("Prices by: Status")).map(([, votes, , median]) => [votes, median]),
      byStatus.map(({ votes, p50Cents }) => [count(votes), money(p50Cents)]),
    );
    assert.deepEqual(tab.takeProblems(), []);
  });
});
