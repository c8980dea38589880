// The funnel shows what the API answers, and its steps and settings live in the address.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";

import { startDashboard } from "./system.mjs";

const RANGE = { timeRange: "30d", tz: "Europe/Vienna" };
const PATH = "/api/admin/analytics/conversion-funnel";
const count = (number) => new Intl.NumberFormat("en-GB").format(number);
const share = (value) =>
  new Intl.NumberFormat("en-GB", { style: "percent", minimumFractionDigits: 1 }).format(
    Math.round(value * 1000) / 1000,
  );

suite("funnel", () => {
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

  function parameter(name) {
    return new URL(page.url()).searchParams.get(name);
  }

  /** Who came to each step, and the share of the first step, as the table has them. */
  async function levelsOnScreen() {
    const rows = page
      .getByRole("region", { name: /^Table: How far they come/ })
      .locator("tbody tr");
    const cells = await rows.evaluateAll((all) =>
      all.map((row) => [...row.cells].map((cell) => (cell.querySelector("p") ?? cell).textContent)),
    );
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
    assert.deepEqual(JSON.parse(parameter("steps")), steps);
    await assertLevels({ steps: JSON.stringify(steps) });
    await page.getByText("3. Windows").waitFor();
  });

  test("a breakdown shows every value, and a link shows the same again", async () => {
    await page.getByRole("combobox", { name: "Break down by" }).click();
    await page.getByRole("option", { name: "Device" }).click();
    await page.waitForURL(/breakdown=device/);
    await tab.loaded();
    await tab.open(page.url().split("/admin")[1]);
    const { breakdown } = await ask({ steps: parameter("steps"), breakdown: "device" });
    const rows = page.getByRole("region", { name: /^Table: By Device/ }).locator("tbody tr");
    const onScreen = await rows.evaluateAll((all) =>
      all.map((row) => [...row.cells].slice(1, 4).map((cell) => cell.textContent)),
    );
    assert.deepEqual(
      onScreen,
      breakdown.values.map(({ entered }) => entered.map(count)),
    );
    assert.deepEqual(await tab.violations(), []);
  });

  test("configurations have steps of their own", async () => {
    await page.getByRole("button", { name: "Reset filters" }).click();
    await page.getByRole("combobox", { name: "What is counted" }).click();
    await page.getByRole("option", { name: "Configurations" }).click();
    await page.waitForURL(/unit=configuration/);
    await tab.loaded();
    await assertLevels({ unit: "configuration", steps: parameter("steps") });
    assert.deepEqual(tab.takeProblems(), []);
  });
});
