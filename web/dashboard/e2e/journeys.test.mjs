// The page of journeys shows what the API answers, from the start, to the end and between nodes.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count } from "./formats.mjs";
import { RANGE } from "./page.mjs";
import { openDashboard } from "./system.mjs";

suite("journeys", async () => {
  const { tab, page } = await openDashboard();
  const ask = (query) => tab.report("journeys", query);

  /** Visits and the visits of every link, as the metric and the chart's table have them. */
  async function onScreen() {
    const metric = page.getByRole("region", { name: "Visits looked at" });
    const visits = (await metric.locator("p").first().textContent()).trim();
    const rows = await tab.cellsOf("Ways");
    const links = rows.map((cells) => [cells[0], cells[3]]);
    return { visits, links };
  }

  async function assertWays(query) {
    const { visits, links } = await ask(query);
    assert.ok(visits > 0, "the simulated visitors take such ways");
    assert.deepEqual(await onScreen(), {
      visits: count(visits),
      links: links.map((link) => [count(link.depth), count(link.visits)]),
    });
  }

  test("ways from the start are those of the API", async () => {
    await tab.open(`/journeys?${new URLSearchParams(RANGE)}`);
    assert.deepEqual(await tab.violations(), []);
    await page.getByRole("button", { name: "Show as table" }).click();
    await assertWays();
  });

  test("two nodes are asked for, and the ways between them show", async () => {
    await tab.choose("Ways are read", "Between two nodes");
    await page.getByText("Choose the two nodes that ways are between").waitFor();
    await page.getByRole("combobox", { name: "From the node" }).fill("/");
    await page.getByRole("combobox", { name: "To the node" }).fill("cart");
    await page.waitForURL(/node2=cart/);
    await tab.loaded();
    await page.getByRole("button", { name: "Show as table" }).click();
    await assertWays({ anchor: "between", node: "/", node2: "cart" });
  });

  test("a link shows ways to the end without some nodes", async () => {
    const asked = { anchor: "end", exclude: "/,/hoam", depth: "3" };
    await tab.open(`/journeys?${new URLSearchParams({ ...RANGE, ...asked })}`);
    await page.getByRole("button", { name: "Show as table" }).click();
    await assertWays(asked);
    assert.deepEqual(await tab.violations(), []);
    assert.deepEqual(tab.takeProblems(), []);
  });
});
