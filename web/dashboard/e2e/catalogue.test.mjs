// The catalogue shows the prices of the API, changes them after a dry run, explains conflicts and rolls back.

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { openDashboard } from "./system.mjs";

const PATH = "/api/admin/catalog";
const SIZES = ["nest80", "nest100", "nest120", "nest140", "nest160"];

suite("catalogue", async () => {
  const { dashboard, tab, page } = await openDashboard();

  /** Publishes prices as somebody else in another tab would. */
  async function publishElsewhere(prices, expectedVersion) {
    const { csrfToken } = await tab.ask("/api/admin/auth/me");
    const answer = await page.request.put(dashboard.base + PATH, {
      headers: { "x-csrf-token": csrfToken },
      data: { prices, expectedVersion, note: "elsewhere" },
    });
    assert.equal(answer.status(), 200, await answer.text());
  }

  function cell(name) {
    return page.getByRole("textbox", { name, exact: true });
  }

  async function priceInForce(option) {
    const { catalogue } = await tab.ask(PATH);
    return catalogue.prices.find((row) => row.option === option);
  }

  test("every price of the API shows in its cell, in euros", async () => {
    await tab.open("/catalogue");
    const { catalogue } = await tab.ask(PATH);
    const wanted = catalogue.prices.flatMap(({ price, prices }) =>
      prices ? SIZES.map((size) => euros(prices[size])) : [euros(price)],
    );
    const shown = await page
      .locator("input[data-row]")
      .evaluateAll((cells) => cells.map(({ value }) => value));
    assert.deepEqual(shown, wanted);
    assert.deepEqual(await tab.violations(), []);
  });

  test("filters are in the address, and an address shows them", async () => {
    await page.getByLabel("Search options").fill("fichte");
    await page.waitForURL(/search=fichte/);
    await assertRows(1);
    await tab.open("/catalogue?category=fenster");
    await assertRows(9);
  });

  async function assertRows(count) {
    await page.waitForFunction(
      (wanted) => document.querySelectorAll("th[scope=row]").length === wanted,
      count,
    );
  }

  test("what is typed is published after a dry run, and nothing before", async () => {
    await tab.open("/catalogue");
    await cell("Hoam 80, All sizes").click();
    await page.keyboard.type("220.000,50");
    await page.keyboard.press("Enter");
    await page.keyboard.type("no price");
    await page.keyboard.press("ArrowUp");
    await page.getByText("1 cell is no price").waitFor();
    assert.ok(await page.getByRole("button", { name: "Review changes" }).isDisabled());
    await cell("Hoam 100, All sizes").press("Escape");
    await page.getByText("1 price changed").waitFor();
    await page.getByRole("button", { name: "Review changes" }).click();
    await tab.dialogue().getByText("1 difference from version 1.").waitFor();
    await tab.dialogue().getByText("€220,000.50").first().waitFor();
    assert.deepEqual(await tab.violations(), []);
    assert.equal((await priceInForce("nest80")).price, 21_303_200);
    await tab.dialogue().getByLabel("Why").fill("Spring");
    await tab.dialogue().getByRole("button", { name: "Publish", exact: true }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal((await priceInForce("nest80")).price, 22_000_050);
    assert.equal((await tab.ask(PATH)).note, "Spring");
    assert.deepEqual(tab.takeProblems(), []);
  });

  test("a conflict is explained, and what was typed stays", async () => {
    await tab.open("/catalogue");
    await cell("Hoam 160, All sizes").fill("400000");
    await page.keyboard.press("Tab");
    const { catalogue, latestVersion } = await tab.ask(PATH);
    const prices = catalogue.prices.map((row) =>
      row.option === "nest120" ? { ...row, price: 30_000_000 } : row,
    );
    await publishElsewhere(prices, latestVersion);
    await page.getByRole("button", { name: "Review changes" }).click();
    await tab.dialogue().getByText("Somebody published meanwhile").waitFor();
    await tab
      .dialogue()
      .getByRole("button", { name: /^Keep my changes/ })
      .click();
    await page.waitForFunction(
      () => document.querySelector("[aria-label='Hoam 120, All sizes']")?.value === "300,000",
    );
    assert.equal(await cell("Hoam 160, All sizes").inputValue(), "400,000");
    await page.getByRole("button", { name: "Review changes" }).click();
    await tab.dialogue().getByText("1 difference from version 3.").waitFor();
    await tab.dialogue().getByText("Keep as draft").click();
    await tab.dialogue().getByRole("button", { name: "Keep draft" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal((await tab.ask(`${PATH}?version=4`)).state, "draft");
    assert.equal((await priceInForce("nest160")).price, 37_982_800);
    assert.equal((await priceInForce("nest120")).price, 30_000_000);
  });

  test("a price table is uploaded and reviewed", async () => {
    const csv = await (await page.request.get(`${dashboard.base}${PATH}?format=csv`)).text();
    const changed = csv.replace(/^(nest,nest140,,)[^,]*/m, "$1340000");
    assert.notEqual(changed, csv);
    await tab.open("/catalogue");
    await page.locator("input[type=file]").setInputFiles({
      name: "prices.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(changed),
    });
    await tab.dialogue().getByText("1 difference from version 3.").waitFor();
    await tab.dialogue().getByText("Publish later").click();
    await tab.dialogue().getByLabel("In force from").fill("2099-01-01T08:00");
    await tab.dialogue().getByRole("button", { name: "Schedule" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    const scheduled = await tab.ask(`${PATH}?version=5`);
    assert.equal(scheduled.state, "scheduled");
    assert.equal(scheduled.effectiveFrom, "2099-01-01T07:00:00Z");
  });

  test("an earlier version comes back, and the list that waits goes", async () => {
    await tab.open("/catalogue?tab=history");
    const name = page.getByRole("heading", { name: "Version 1", exact: true });
    const first = page.getByRole("article").filter({ has: name });
    await first.getByRole("button", { name: "Roll back" }).click();
    await tab.dialogue().getByText("2 differences from version 3.").waitFor();
    assert.deepEqual(await tab.violations(), []);
    await tab.dialogue().getByLabel("Lists that come into force later").click();
    await page.getByRole("option", { name: "Withdraw them" }).click();
    await tab.dialogue().getByRole("button", { name: "Roll back" }).click();
    await tab.dialogue().waitFor({ state: "detached" });
    assert.equal((await priceInForce("nest80")).price, 21_303_200);
    assert.equal((await tab.ask(`${PATH}?version=5`)).state, "withdrawn");
    const { version, latestVersion } = await tab.ask(PATH);
    assert.deepEqual([version, latestVersion], [6, 6]);
  });
});

function euros(price) {
  if (price === "on_request") return "on request";
  return new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 }).format(price / 100);
}
