// The page of configurations shows what the API answers: options, houses, prices.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count, money, share } from "./formats.mjs";
import { RANGE } from "./page.mjs";
import { openDashboard } from "./system.mjs";

suite("configurations", async () => {
  const { tab, page } = await openDashboard();

  test("options, houses and prices are those of the API", async () => {
    await tab.open(`/configurations?${new URLSearchParams(RANGE)}`);
    const report = await tab.report("popular-configs", { limit: "10" });
    const options = await tab.cellsOf("Options");
    assert.deepEqual(
      options.map(([name, votes, take]) => [name, votes, take]),
      report.options.map(({ name, votes, takeRate }) => [
        name,
        count(votes),
        share(takeRate.value),
      ]),
    );
    const houses = await tab.cellsOf("Most popular configurations");
    const listed = report.configurations.map(({ votes }) => count(votes));
    assert.deepEqual(
      houses.map(([, votes]) => votes),
      [...listed, count(report.other.votes)],
    );
    const { distribution } = await tab.report("price-distribution");
    const quantiles = await tab.cellsOf("Quantiles");
    const { p5, p10, p25, p50, p75, p90, p95 } = distribution.percentiles;
    assert.deepEqual(
      quantiles.map(([, price]) => price),
      [distribution.minCents, p5, p10, p25, p50, p75, p90, p95, distribution.maxCents].map(money),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("basis, category and slice are in the address, and change what shows", async () => {
    await tab.choose("Which configuration counts", "Every one");
    await tab.choose("Category", "Fenster");
    await page.getByText("Status", { exact: true }).click();
    await page.waitForURL(/slice=byStatus/);
    assert.match(page.url(), /basis=ever.*category=fenster/);
    await tab.loaded();
    const { options } = await tab.report("popular-configs", { basis: "ever" });
    const windows = options.filter(({ category }) => category === "fenster");
    assert.deepEqual(
      (await tab.cellsOf("Options")).map(([name, votes]) => [name, votes]),
      windows.map(({ name, votes }) => [name, count(votes)]),
    );
    const { byStatus } = await tab.report("price-distribution", { basis: "ever" });
    assert.deepEqual(
      (await tab.cellsOf("Prices by: Status")).map(([, votes, , median]) => [votes, median]),
      byStatus.map(({ votes, p50Cents }) => [count(votes), money(p50Cents)]),
    );
    assert.deepEqual(tab.takeProblems(), []);
  });
});
