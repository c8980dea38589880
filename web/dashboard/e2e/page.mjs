// A tab with the dashboard, and a record of what went wrong in it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { setTimeout as wait } from "node:timers/promises";

/** What the tests ask reports for, in the words of the API. */
export const RANGE = { timeRange: "30d", tz: "Europe/Vienna" };

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const LOAD_MS_MAX = 20_000;
/** Nothing may be under way for so long before a page counts as loaded. */
const QUIET_MS = 150;
/** What shows while something is loaded. */
const WAITING = ".mantine-Skeleton-root, .mantine-Loader-root, [aria-busy=true]";
/** The answer by which the dashboard learns that nobody is signed in. */
const NOBODY = /GET \/api\/admin\/auth\/me 401/;

/** Opens a tab in a playwright context. */
export async function openPage(context, base) {
  return new DashboardPage(await context.newPage(), base);
}

class DashboardPage {
  #underWay = new Set();
  #problems = [];
  #quietSince = Date.now();

  constructor(page, base) {
    this.page = page;
    this.base = base;
    page.on("request", (request) => {
      if (isOfPage(request)) this.#underWay.add(request);
    });
    page.on("requestfinished", (request) => this.#ended(request));
    page.on("requestfailed", (request) => {
      this.#ended(request);
      if (!isOfPage(request)) return;
      this.#problems.push(`${nameOf(request)} ${request.failure().errorText}`);
    });
    page.on("response", (answer) => {
      if (answer.status() < 400) return;
      this.#problems.push(`${nameOf(answer.request())} ${answer.status()}`);
    });
    page.on("pageerror", (error) => this.#problems.push(`script: ${error.stack ?? error}`));
    page.on("console", (message) => {
      // The browser's own line about an answer that says no, which is noted above with its path.
      if (message.text().startsWith("Failed to load resource")) return;
      if (["error", "warning"].includes(message.type())) {
        this.#problems.push(`console: ${message.text()}`);
      }
    });
  }

  #ended(request) {
    this.#underWay.delete(request);
    this.#quietSince = Date.now();
  }

  /** Opens a path below `/admin`, and waits until all of it is there. Gives how many milliseconds that took. */
  async open(path, msMax = LOAD_MS_MAX) {
    const start = Date.now();
    await this.page.goto(`${this.base}/admin${path}`);
    await this.loaded(msMax);
    return Date.now() - QUIET_MS - start;
  }

  /** What the API answers whoever is signed in. */
  async ask(path, query = {}) {
    const address = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const answer = await this.page.request.get(address.href);
    assert.equal(answer.status(), 200, `${path}: ${await answer.text()}`);
    return answer.json();
  }

  /** A report of the API for the range of the tests. */
  report(name, query) {
    return this.ask(`/api/admin/analytics/${name}`, { ...RANGE, ...query });
  }

  /** A parameter of the address, or nothing. */
  parameter(name) {
    return new URL(this.page.url()).searchParams.get(name);
  }

  /** Waits until a parameter of the address has a value. */
  async parameterIs(name, value) {
    await this.page.waitForURL((url) => url.searchParams.get(name) === value);
  }

  /** Chooses in a select. */
  async choose(label, option) {
    await this.page.getByRole("combobox", { name: label, exact: true }).click();
    await this.page.getByRole("option", { name: option, exact: true }).click();
  }

  /** The dialogue that is open. */
  dialogue() {
    return this.page.getByRole("dialog");
  }

  /** Waits until the tile of a number shows a value. */
  async metricIs(name, value) {
    const tile = this.page.getByRole("region", { name, exact: true });
    await tile.getByText(String(value), { exact: true }).waitFor();
  }

  /** The first lines of the cells of a table, row by row. */
  async cellsOf(table) {
    const name = `Table: ${table}, can be scrolled sideways`;
    const region = this.page.getByRole("region", { name, exact: true });
    await region.waitFor();
    return region
      .locator("tbody tr")
      .evaluateAll((rows) =>
        rows.map(({ cells }) =>
          [...cells].map((cell) => (cell.querySelector("p") ?? cell).textContent.trim()),
        ),
      );
  }

  /** Shows the page that is open in `light` or `dark`. */
  async show(scheme) {
    await this.page.emulateMedia({ colorScheme: scheme });
    await this.page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor();
    await this.loaded();
  }

  /** Waits until all of a page is there: heading, no skeleton, nothing under way. */
  async loaded(msMax = LOAD_MS_MAX) {
    for (const end = Date.now() + msMax; Date.now() < end; await wait(25)) {
      if (await this.#isLoaded()) return;
    }
    assert.fail(`not loaded after ${msMax} ms: ${await this.#describeWaiting()}`);
  }

  async #isLoaded() {
    const isQuiet = () => this.#underWay.size === 0 && Date.now() - this.#quietSince >= QUIET_MS;
    if (!isQuiet()) return false;
    return (await this.page.evaluate(isThere, WAITING)) && isQuiet();
  }

  async #describeWaiting() {
    const requests = [...this.#underWay].map(nameOf);
    const elements = await this.page.evaluate(
      (waiting) =>
        [...document.querySelectorAll(waiting)].map((each) => each.outerHTML.slice(0, 120)),
      WAITING,
    );
    return JSON.stringify({ requests, elements, problems: this.#problems });
  }

  /** What went wrong since the last call: failed requests, messages of the console, mistakes of scripts. */
  takeProblems() {
    const problems = this.#problems.filter((problem) => !NOBODY.test(problem));
    this.#problems = [];
    return problems;
  }

  /** What axe finds against WCAG 2.2 AA: rule, what is wrong, where. `rules` names the only ones to look at. */
  async violations(rules) {
    await this.page.evaluate(axe);
    const runOnly = rules ? { type: "rule", values: rules } : { type: "tag", values: TAGS };
    const { violations } = await this.page.evaluate(
      (options) => globalThis.axe.run(document, options),
      { runOnly, resultTypes: ["violations"] },
    );
    return violations.map(({ id, nodes }) => {
      const places = nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`);
      return `${id}: ${places.slice(0, 3).join("; ")}${places.length > 3 ? ` and ${places.length - 3} more` : ""}`;
    });
  }

  /** By how many pixels the page is wider than its window. */
  async overflow() {
    return this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  }

  async close() {
    await this.page.context().close();
  }
}

/** Runs in the page: whether its heading is there, nothing waits, and no colour or place is on its way to another. */
function isThere(waiting) {
  const isMoving = document.getAnimations().some((each) => each instanceof CSSTransition);
  return document.querySelector("h1") !== null && !document.querySelector(waiting) && !isMoving;
}

/** Whether the page itself asks: a browser also does, to renew an answer that it kept and gave, and tells no end. */
function isOfPage(request) {
  return request.resourceType() !== "other";
}

function nameOf(request) {
  const { pathname, search } = new URL(request.url());
  return `${request.method()} ${pathname}${search}`;
}
