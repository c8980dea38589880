// The page of the API's description, in a real browser. Run it by scripts/browser-tests.

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { chromium } from "playwright-core";

import { startOwnSystem } from "./system.mjs";

let system;
let browser;

before(async () => {
  assert.ok(process.env.CHROMIUM, "CHROMIUM is not set: use scripts/browser-tests");
  system = await startOwnSystem();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    chromiumSandbox: process.getuid() !== 0,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
  });
});

after(async () => {
  await browser?.close();
  await system?.stop();
});

suite("the page of the description", () => {
  let page;
  const said = [];
  const hosts = new Set();

  before(async () => {
    page = await open("light");
  });

  test("lists every operation", async () => {
    const { body } = await system.get("/api/openapi.json");
    const methods = ["get", "post", "put", "patch", "delete"];
    const operations = Object.values(body.paths).flatMap(Object.keys);
    const expected = operations.filter((method) => methods.includes(method)).length;
    await page.locator(".opblock").first().waitFor();
    assert.equal(await page.locator(".opblock").count(), expected);
  });

  test("is used by keyboard: an operation opens, and shows its example", async () => {
    const operation = page.locator("#operations-tracking-track_batch");
    const button = operation.locator("button").first();
    await button.focus();
    assert.equal(await button.getAttribute("aria-expanded"), "false");
    await page.keyboard.press("Enter");
    await operation.locator(".opblock-body").waitFor();
    assert.equal(await button.getAttribute("aria-expanded"), "true");
    assert.match(await operation.innerText(), /"eventType": "page_visit"/);
  });

  test("sends a request by hand", async () => {
    const operation = page.locator("#operations-operations-health");
    await operation.locator("button").first().click();
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByRole("button", { name: "Execute" }).click();
    const answer = operation.locator(".live-responses-table .response-col_status");
    await answer.filter({ hasText: "200" }).waitFor();
  });

  test("follows the system into the dark", async () => {
    const colour = () => getComputedStyle(document.documentElement).backgroundColor;
    const background = (of) => of.evaluate(colour);
    const dark = await open("dark");
    await dark.locator(".opblock").first().waitFor();
    assert.notEqual(await background(dark), await background(page));
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("html.dark-mode").waitFor();
    assert.equal(await background(page), await background(dark));
  });

  test("violated no policy, reported no error, and met no other server", () => {
    assert.deepEqual(said, []);
    assert.deepEqual([...hosts], [new URL(system.base).host]);
  });

  async function open(colorScheme) {
    const context = await browser.newContext({ colorScheme });
    const opened = await context.newPage();
    opened.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) said.push(message.text());
    });
    opened.on("pageerror", (error) => said.push(String(error)));
    opened.on("request", (request) => {
      if (!request.url().startsWith("data:")) hosts.add(new URL(request.url()).host);
    });
    await opened.goto(`${system.base}/api/docs`);
    return opened;
  }
});
