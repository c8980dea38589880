// The heat map shows what the API answers: pages, elements, places of clicks, scroll depths.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count } from "./formats.mjs";
import { RANGE } from "./page.mjs";
import { openDashboard } from "./system.mjs";

suite("heat map", async () => {
  const { tab, page } = await openDashboard();
  const ask = (query) => tab.report("heatmap", query);

  test("pages and friction are those of the API", async () => {
    await tab.open(`/heatmap?${new URLSearchParams(RANGE)}`);
    const { pages, indecision } = await ask();
    assert.deepEqual(
      await tab.cellsOf("Pages"),
      pages.map(({ page, clicks, rage, dead, elements }) => [
        page,
        ...[clicks, rage, dead, elements].map(count),
      ]),
    );
    const friction = page.getByRole("region", { name: "Could not decide" });
    await friction.getByRole("button", { name: "Show as table" }).click();
    assert.deepEqual(
      (await tab.cellsOf("Could not decide")).map(([, sessions, times]) => [sessions, times]),
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
      await tab.cellsOf("Elements"),
      elements.map(({ elementId, clicks, rage, dead, placeless }) => [
        elementId,
        ...[clicks, rage, dead, placeless].map(count),
      ]),
    );
    assert.deepEqual(
      (await tab.cellsOf("Scroll depth")).map(([, views]) => views),
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
    const cells = await tab.cellsOf(`Clicks on ${elementId} by place`);
    const total = cells.reduce((sum, [, , clicks]) => sum + Number(clicks), 0);
    const sums = layers.map((layer) => layer.cells.reduce((sum, { clicks }) => sum + clicks, 0));
    assert.equal(total, Math.max(...sums));
    assert.deepEqual(tab.takeProblems(), []);
  });
});
