// The running system that the tests open in a browser: `nest-haus serve` with the built dashboard, a database of its
// own, simulated visitors in it, and an owner who signs in by the sign-in page.

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { createDatabase, createTemplate, query } from "../../../tests/browser/database.mjs";
import { nestHaus, PROGRAM, startSystem } from "../../../tests/browser/system.mjs";
import { openPage } from "./page.mjs";

export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const PUBLIC = join(REPOSITORY, "public");
export const OWNER = { email: "ada@example.com", password: "a house with a larch front" };
const ACCOUNTS = [
  { ...OWNER, name: "Ada Bauer", role: "owner" },
  { email: "grete@example.com", name: "Grete Holzer", role: "analyst", password: "larch battens" },
  { email: "max@example.com", name: "Max Zimmermann", role: "sales", password: "black panels 80" },
];
const SIMULATION = ["--sessions", "1000", "--days", "60", "--seed", "7"];
/** Jobs that make of the simulated visitors what the schedule would have made. */
const JOBS = [
  "aggregate-daily",
  "popular-configurations",
  "performance-rollup",
  "daily-summary",
  "weekly-customer-behaviour",
  "monthly-revenue-conversion",
  "evaluate-alerts",
];
/** Simulated events count as stored when they are made, which live numbers would show as weeks of delay. */
const STORED_IN_TIME = "UPDATE interaction_events SET stored_at = received_at";
const HOUR_MS = 3_600_000;
const STEP_MS_MAX = 15_000;
const BROWSER_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts everything, with visitors of the last sixty days unless `simulated` is false. */
export async function startDashboard({ simulated = true } = {}) {
  const database = await createDatabase(simulated ? await simulatedDatabase() : undefined);
  const { settings } = database;
  const system = await startSystem({ files: PUBLIC, settings }).catch(async (error) => {
    await database.drop();
    throw error;
  });
  const dashboard = new Dashboard(system, database);
  try {
    if (!simulated) await makeAccounts(settings);
    await dashboard.start();
  } catch (error) {
    await dashboard.stop();
    throw error;
  }
  return dashboard;
}

/**
 * For a suite of tests: starts everything, opens a tab of the owner, and stops all when the suite is over. `options` are
 * those of `startDashboard`.
 */
export async function openDashboard(options) {
  const dashboard = await startDashboard(options);
  after(() => dashboard.stop());
  const tab = await dashboard.openPage();
  return { dashboard, tab, page: tab.page };
}

/** Starts a browser. */
export function launchBrowser(args = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...BROWSER_ARGS, ...args],
  });
}

/** Signs in by the sign-in page, and gives what the browser keeps of that. */
export async function signIn(browser, base, { email, password } = OWNER) {
  const context = await browser.newContext({ locale: "en-GB" });
  context.setDefaultTimeout(STEP_MS_MAX);
  try {
    const page = await context.newPage();
    await page.goto(`${base}/admin`);
    await page.getByLabel("E-mail address").fill(email);
    await page.locator("input[type=password]").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    return await context.storageState();
  } finally {
    await context.close();
  }
}

/** The name of a database with visitors of the sixty days before this hour: made once, then copied by each test. */
async function simulatedDatabase() {
  const until = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
  const { mtimeMs, size } = await stat(PROGRAM);
  const inputs = JSON.stringify([until, mtimeMs, size, SIMULATION, JOBS, ACCOUNTS, STORED_IN_TIME]);
  const name = `nest_haus_simulated_${createHash("sha256").update(inputs).digest("hex").slice(0, 12)}`;
  await createTemplate(name, async (settings) => {
    await nestHaus(settings, ["migrate"]);
    await nestHaus(settings, ["synth", ...SIMULATION, "--until", until, "--store"]);
    await makeAccounts(settings);
    for (const job of JOBS) await nestHaus(settings, ["job", "run", job]);
    await query(STORED_IN_TIME, [], settings);
  });
  return name;
}

async function makeAccounts(settings) {
  for (const { email, name, role, password } of ACCOUNTS) {
    const words = ["admin", "create", "--email", email, "--name", name, "--role", role];
    await nestHaus(settings, words, `${password}\n`);
  }
}

class Dashboard {
  #database;
  #browser;
  #storageState;

  constructor(system, database) {
    this.system = system;
    this.base = system.base;
    /** Variables of the environment by which the program works with the system's data. */
    this.settings = database.settings;
    this.#database = database;
  }

  async start() {
    this.#browser = await launchBrowser();
    this.#storageState = await signIn(this.#browser, this.base);
  }

  async stop() {
    await this.#browser?.close();
    await this.system.stop();
    await this.#database.drop();
  }

  /** Opens a tab of the owner, or of nobody, in a window of its own. `options` are those of a playwright context. */
  async openPage({ signedIn = true, ...options } = {}) {
    const state = signedIn ? { storageState: this.#storageState } : {};
    const context = await this.#browser.newContext({
      locale: "en-GB",
      timezoneId: "Europe/Vienna",
      reducedMotion: "reduce",
      ...state,
      ...options,
    });
    context.setDefaultTimeout(STEP_MS_MAX);
    return openPage(context, this.base);
  }
}
