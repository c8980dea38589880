// A visitor with a browser of their own, whose data outlive it.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "playwright-core";

const STEP_MS_MAX = 15_000;
const ARGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const EXAMPLE = "/example/index.html";

/** Opens a browser that has never seen the shop, or the one of an earlier visit by its folder. */
export async function openVisitor(shop, { folder, ...options } = {}) {
  const userData = folder ?? (await mkdtemp(join(tmpdir(), "nest-haus-visitor-")));
  const context = await chromium.launchPersistentContext(userData, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    chromiumSandbox: process.getuid() !== 0,
    args: ARGS,
    ...options,
  });
  context.setDefaultTimeout(STEP_MS_MAX);
  return new Visitor(shop, context, userData);
}

/** Waits for something to become true. */
export async function until(isSo, describe = () => "never came true") {
  for (const end = Date.now() + STEP_MS_MAX; Date.now() < end; await wait(50)) {
    if (await isSo()) return;
  }
  assert.fail(`after ${STEP_MS_MAX} ms: ${describe()}`);
}

class Visitor {
  /** Messages of failed scripts. */
  errors = [];

  constructor(shop, context, folder) {
    this.shop = shop;
    this.context = context;
    this.folder = folder;
    this.page = context.pages()[0];
    context.on("weberror", (error) => this.errors.push(String(error.error())));
  }

  /** Opens a page of the shop in a tab; the tracker is there then. */
  async open(path = EXAMPLE, page = this.page) {
    await page.goto(this.shop.base + path);
    await page.waitForFunction(() => globalThis.nestHaus);
  }

  async agree() {
    await this.page.getByRole("button", { name: "Agree" }).click();
  }

  /** Chooses an option, by its text. */
  async choose(text, page = this.page) {
    await page.getByText(text, { exact: false }).first().click();
  }

  /** What the tracker keeps about the visitor in the tabs' storage. */
  async kept(page = this.page) {
    return page.evaluate(() => JSON.parse(localStorage.getItem("nest-haus")));
  }

  async sessionId() {
    return (await this.kept()).session.id;
  }

  /** Events that wait in the queue. */
  async queued(page = this.page) {
    return page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("nest-haus");
          opening.onerror = reject;
          opening.onsuccess = () => {
            const db = opening.result;
            const all = db.transaction("events").objectStore("events").getAll();
            all.onsuccess = () => {
              db.close();
              resolve(all.result);
            };
          };
        }),
    );
  }

  /** Everything in the browser that could tell a visitor from another. */
  async traces() {
    const cookies = await this.context.cookies();
    const stored = await this.page.evaluate(async () => ({
      local: { ...localStorage },
      tab: { ...sessionStorage },
      databases: await indexedDB.databases(),
    }));
    return { cookies, ...stored };
  }

  async close() {
    await this.context.close();
  }

  /** Kills the browser, as a system does that is out of memory: no process of it does anything any more. */
  async kill() {
    const session = await this.context.browser().newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const closed = this.context.waitForEvent("close");
    process.kill(processInfo.find(({ type }) => type === "browser").id, "SIGKILL");
    await closed;
  }

  /** Closes the browser and removes its data. */
  async leave() {
    await this.close().catch(() => {});
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
