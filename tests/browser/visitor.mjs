// A visitor with a browser of their own, and a record of everything that the browser sent.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

const STEP_MS_MAX = 10_000;
const BEACONS_KEY = "test-beacons";
/** The page's long delays, shortened. */
const DELAYS = new URLSearchParams({ "sync-delay-ms": "100", "poll-delay-ms": "50" });

/** Starts a browser window that has never seen the page. */
export async function openVisitor(browser, system) {
  const context = await browser.newContext({ locale: "de-AT" });
  context.setDefaultTimeout(STEP_MS_MAX);
  await context.addInitScript(recordBeacons, BEACONS_KEY);
  return new Visitor(system, context, await context.newPage());
}

/**
 * Runs in the page. A browser's debugger loses sight of a page that goes away, so beacons are
 * written down where they are sent.
 */
function recordBeacons(key) {
  const send = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (url, data) => {
    const isTaken = send(url, data);
    const beacons = JSON.parse(localStorage.getItem(key) ?? "[]");
    beacons.push({ url, type: data.type ?? "text/plain", isTaken });
    localStorage.setItem(key, JSON.stringify(beacons));
    return isTaken;
  };
}

/** Waits for something to become true; else says what was found in its place. */
export async function until(isSo, describe) {
  for (const end = Date.now() + STEP_MS_MAX; Date.now() < end; await wait(50)) {
    if (await isSo()) return;
  }
  assert.fail(`after ${STEP_MS_MAX} ms: ${describe()}`);
}

class Visitor {
  /** Every request but beacons, in the order in which they were sent. */
  requests = [];
  /** Messages of failed scripts and of the console. */
  errors = [];
  /** Requests that are sent while this is set go on without the page: nobody sees them end. */
  isLeaving = false;
  #moment = 0;

  constructor(system, context, page) {
    this.system = system;
    this.context = context;
    this.page = page;
    context.on("request", (request) => this.#noteSent(request));
    context.on("requestfinished", (request) => this.#noteEnd(request, null));
    context.on("requestfailed", (request) => this.#noteEnd(request, request.failure().errorText));
    context.on("weberror", (error) => this.errors.push(String(error.error())));
    context.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  #noteSent(request) {
    if (request.resourceType() === "ping") return;
    const url = new URL(request.url());
    const { pathname: path, origin } = url;
    const body = request.postDataJSON();
    const sentAt = (this.#moment += 1);
    const note = { request, method: request.method(), origin, path, body, sentAt };
    this.requests.push({ ...note, endedAt: Infinity, failure: null, atLeaving: this.isLeaving });
  }

  #noteEnd(request, failure) {
    const note = this.requests.find((each) => each.request === request);
    if (note) Object.assign(note, { endedAt: (this.#moment += 1), failure });
  }

  async open(path) {
    await this.page.goto(`${this.system.base}${path}?${DELAYS}`);
  }

  /** An element by its role and how its name begins, in a group where one is named. */
  find(role, name, group) {
    const place = group ? this.page.getByRole("group", { name: group, exact: true }) : this.page;
    return place.getByRole(role, { name: new RegExp(`^${name}`) });
  }

  /** Does something, and waits until requests that it causes are through. */
  async causing(names, action) {
    const ends = names.map((name) => this.#end(name));
    await action();
    await Promise.all(ends);
  }

  #end(name) {
    const isIt = (request) => new URL(request.url()).pathname === `/api/sessions/${name}`;
    return this.context.waitForEvent("requestfinished", isIt);
  }

  /** Chooses an option, and waits until choice, configuration and click are told. */
  async choose(group, option) {
    const button = this.find("button", option, group);
    await this.causing(["track", "sync", "track-interaction"], () => button.click());
  }

  /** Does something that makes the page go away, once all that it had to tell is through. */
  async leave(action) {
    await this.#idle();
    this.isLeaving = true;
    this.page.once("framenavigated", () => {
      this.isLeaving = false;
    });
    await action();
  }

  async #idle() {
    const isUnderWay = ({ endedAt, atLeaving }) => endedAt === Infinity && !atLeaving;
    const left = () => this.requests.filter(isUnderWay).map(({ path }) => path);
    await until(() => left().length === 0, () => `not answered: ${left().join(", ")}`);
  }

  async price() {
    return this.page.locator("#price").textContent();
  }

  /** What the page keeps. */
  async store() {
    const text = await this.page.evaluate(() => localStorage.getItem("nest-configurator"));
    return JSON.parse(text).state;
  }

  /** Requests that tell something about a session. */
  told(sessionId) {
    return this.requests.filter(({ body }) => body?.sessionId === sessionId);
  }

  /** The beacons sent so far, also those of pages that are gone. */
  async beacons() {
    const { origins } = await this.context.storageState();
    const stored = origins.flatMap(({ localStorage }) => localStorage);
    return JSON.parse(stored.find(({ name }) => name === BEACONS_KEY)?.value ?? "[]");
  }

  /** Waits until the server has received as many events of a session as were sent. */
  async arrived(sessionId) {
    const beacons = await this.beacons();
    const sent = () => this.told(sessionId).length + beacons.length;
    let received;
    const isAllThere = async () => {
      const { session } = await this.system.ledger(sessionId);
      received = session.transmissions.received;
      return received === sent();
    };
    await until(isAllThere, () => `${received} events arrived of ${sent()} that were sent`);
  }

  /** Reads as the visitor's own browser would, cookies included. */
  async read(name, sessionId) {
    const query = new URLSearchParams({ sessionId });
    const answer = await this.context.request.get(
      `${this.system.base}/api/sessions/${name}?${query}`,
    );
    assert.equal(answer.status(), 200, await answer.text());
    return answer.json();
  }
}
