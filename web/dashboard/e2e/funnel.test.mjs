// The funnel shows what the API answers, and its steps and settings live in the address.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { count, share } from "./formats.mjs";
import { RANGE } from "./page.mjs";
import { openDashboard } from "./system.mjs";

suite("funnel", async () => {
  const { tab, page } = await openDashboard();
  const ask = (query) => tab.report("conversion-funnel", query);

  /** Who came to each step, and the share of the first step, as the table has them. */
  async function levelsOnScreen() {
    const cells = await tab.cellsOf("How far they come");
    return cells.map(([, entered, ofFirst]) => [entered, ofFirst]);
  }

  async function assertLevels(query) {
    const { steps } = await ask(query);
    const wanted = steps.map(({ entered, conversionRate }) => [
      count(entered),
      share(conversionRate.value),
    ]);
    assert.deepEqual(await levelsOnScreen(), wanted);
  }

  test("the configurator funnel has the numbers of the API", async () => {
    await tab.open(`/funnel?${new URLSearchParams(RANGE)}`);
    await assertLevels();
    assert.deepEqual(await tab.violations(), []);
  });

  test("steps that are built show, and are in the address", async () => {
    await page.getByRole("button", { name: "Edit steps" }).click();
    const drawer = page.getByRole("dialog", { name: "Steps of the funnel" });
    assert.deepEqual(await tab.violations(), []);
    for (const step of ["Step 5", "Step 4"]) {
      await drawer.getByRole("button", { name: `Remove: ${step}` }).click();
    }
    const third = drawer.getByRole("group", { name: "Step 3" });
    await third.getByRole("combobox", { name: "Event" }).fill("selection");
    await third.getByRole("combobox", { name: "Category" }).fill("fenster");
    await third.getByRole("textbox", { name: "Own name" }).fill("Windows");
    await drawer.getByRole("button", { name: "Show this funnel" }).click();
    await page.waitForURL(/steps=/);
    await tab.loaded();
    const steps = [
      { event: "visit" },
      { event: "selection", name: "configuration" },
      { event: "selection", name: "Windows", category: "fenster" },
    ];
    assert.deepEqual(JSON.parse(tab.parameter("steps")), steps);
    await assertLevels({ steps: JSON.stringify(steps) });
    await page.getByText("3. Windows").waitFor();
  });

  test("a breakdown shows every value, and a link shows the same again", async () => {
    await tab.choose("Break down by", "Device");
    await page.waitForURL(/breakdown=device/);
    await tab.loaded();
    await tab.open(page.url().split("/admin")[1]);
    const { breakdown } = await ask({ steps: tab.parameter("steps"), breakdown: "device" });
    const rows = await tab.cellsOf("By Device");
    assert.deepEqual(
      rows.map((cells) => cells.slice(1, 4)),
      breakdown.values.map(({ entered }) => entered.map(count)),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("configurations have steps of their own", async () => {
    await page.getByRole("button", { name: "Reset filters" }).click();
    await tab.choose("What is counted", "Configurations");
    await page.waitForURL(/unit=configuration/);
    await tab.loaded();
    await assertLevels({ unit: "configuration", steps: tab.parameter("steps") });
    assert.deepEqual(tab.takeProblems(), []);
  });
});
