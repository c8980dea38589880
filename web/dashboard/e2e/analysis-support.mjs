// A running system with simulated visitors, the built dashboard before it, and a browser in which its owner is signed
// in: for the tests of the pages retention, channels, performance, alerts and data quality. Once it is built:
//
//   scripts/services run --throw-away -- node --test web/dashboard/e2e/analysis.test.mjs

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { preview } from "vite";

import { startSystem } from "../../../tests/browser/system.mjs";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const DASHBOARD = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = resolve(REPOSITORY, process.env.NEST_HAUS_BIN ?? "target/debug/nest-haus");
const OWNER = { email: "ada@example.com", password: "a house with a larch front" };
const SIMULATION = ["--sessions", "300", "--days", "40", "--seed", "7"];
const JOBS = ["aggregate-daily", "performance-rollup"];
const STEP_MS_MAX = 15_000;
const DAY_MS = 86_400_000;
const BROWSER_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A range of 30 days that is over, so that the API answers the same whenever it is asked. */
export const RANGE = new URLSearchParams({
  timeRange: "custom",
  from: new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 30 * DAY_MS).toISOString(),
  to: new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS).toISOString(),
  tz: "UTC",
}).toString();

/** Starts everything. The dashboard must be built. */
export async function startAnalysis() {
  const system = await startSystem();
  const analysis = new Analysis(system);
  try {
    await analysis.start();
  } catch (error) {
    await analysis.stop();
    throw error;
  }
  return analysis;
}

class Analysis {
  #server;
  #browser;
  #state;

  constructor(system) {
    this.system = system;
  }

  async start() {
    const { email, password } = OWNER;
    const create = ["admin", "create", "--email", email, "--name", "Ada Bauer"];
    await nestHaus(create, `${password}\n`);
    await nestHaus(["synth", ...SIMULATION, "--store"]);
    for (const job of JOBS) await nestHaus(["job", "run", job]);
    const proxy = { "/api": this.system.base };
    this.#server = await preview({
      root: DASHBOARD,
      logLevel: "error",
      preview: { host: "127.0.0.1", port: 0, proxy },
    });
    this.base = `http://127.0.0.1:${this.#server.httpServer.address().port}`;
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    this.#browser = await chromium.launch({ executablePath, args: BROWSER_ARGS });
    await this.#signIn(email, password);
  }

  async #signIn(email, password) {
    const tab = await this.open("/");
    await tab.page.getByLabel("E-mail address").fill(email);
    await tab.page.locator("input[type=password]").fill(password);
    await tab.page.getByRole("button", { name: "Sign in" }).click();
    await tab.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    this.#state = await tab.page.context().storageState();
    await tab.close();
  }

  async stop() {
    await this.#browser?.close();
    await this.#server?.close();
    await this.system.stop();
  }

  /** Opens a path below `/admin` in a window of its own. `options` are those of a playwright context. */
  async open(path, options = {}) {
    const context = await this.#browser.newContext({
      locale: "en-GB",
      timezoneId: "UTC",
      reducedMotion: "reduce",
      storageState: this.#state,
      bypassCSP: true,
      ...options,
    });
    context.setDefaultTimeout(STEP_MS_MAX);
    const page = await context.newPage();
    await page.goto(`${this.base}/admin${path}`);
    return new Tab(page, this.base);
  }
}

class Tab {
  constructor(page, base) {
    this.page = page;
    this.base = base;
  }

  /** Opens another path below `/admin`. */
  async go(path) {
    await this.page.goto(`${this.base}/admin${path}`);
    await this.loaded();
  }

  /** What the API answers the owner. */
  async ask(path) {
    const answer = await this.page.request.get(this.base + path);
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
    return answer.json();
  }

  /** Waits until the heading is there, and no skeleton is any more. */
  async loaded() {
    await this.page.getByRole("heading", { level: 1 }).waitFor();
    const isThere = () =>
      !document.querySelector(".mantine-Skeleton-root, [aria-busy=true]") &&
      document.querySelector("main :is(h2, table, [role=tabpanel])") !== null;
    await this.page.waitForFunction(isThere);
  }

  /** Chooses in a select. */
  async choose(label, option) {
    await this.page.getByRole("combobox", { name: label, exact: true }).click();
    await this.page.getByRole("option", { name: option, exact: true }).click();
  }

  /** A parameter of the address, once it is there. */
  async parameter(name, value) {
    await this.page.waitForURL((url) => url.searchParams.get(name) === value);
  }

  /** The texts of a table's rows, cell by cell. */
  async rows(label) {
    const table = this.page.getByRole("table", { name: label, exact: true });
    await table.waitFor();
    return table.evaluate((element) =>
      [...element.querySelectorAll("tbody tr")].map((row) =>
        [...row.querySelectorAll("td")].map((cell) => cell.textContent.trim()),
      ),
    );
  }

  /** What axe finds against WCAG 2.2 AA, and by how many pixels the page is too wide. */
  async faults() {
    await this.page.evaluate(axe);
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return this.page.evaluate(async (runOnly) => {
      const { violations } = await globalThis.axe.run(document, { runOnly });
      const tooWide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`);
      return tooWide > 0 ? [...found, `${tooWide} pixels too wide`] : found;
    }, tags);
  }

  async close() {
    await this.page.context().close();
  }
}

async function nestHaus(words, input = "") {
  const { PATH, DATABASE_URL, REDIS_URL } = process.env;
  const env = { PATH, DATABASE_URL, REDIS_URL, NEST_HAUS_ENV: "local", RUST_LOG: "error" };
  const running = promisify(execFile)(PROGRAM, words, { cwd: REPOSITORY, env });
  running.child.stdin.end(input);
  await running;
}
