// What every test needs: a running NEST-Haus with a shop before it, and what became of a session there.

import assert from "node:assert/strict";

import { startOwnSystem } from "../../../tests/browser/system.mjs";
import { startShop } from "./shop.mjs";
import { openVisitor, until } from "./visitor.mjs";

/** The page for tests, with the tracker's options. */
export function testPage(options, query = "") {
  return `/e2e/page/index.html?options=${encodeURIComponent(JSON.stringify(options))}${query}`;
}

/** Nothing but what the test itself tells. */
export const ALONE = { consent: { analytics: true }, capture: false, vitals: false };

/** Starts everything. */
export async function createWorld() {
  const system = await startOwnSystem();
  return new World(system, await startShop(system));
}

class World {
  #visitors = [];

  constructor(system, shop) {
    this.system = system;
    this.shop = shop;
  }

  /** A visitor; the shop behaves, and has forgotten all requests. */
  async visitor(options) {
    if (!options?.folder) for (const before of this.#visitors) await before.leave();
    this.shop.requests = [];
    this.shop.interfere = () => undefined;
    this.shop.missing = [];
    const visitor = await openVisitor(this.shop, options);
    this.#visitors.push(visitor);
    return visitor;
  }

  async stop() {
    for (const visitor of this.#visitors) await visitor.leave();
    await this.shop.stop();
    await this.system.stop();
  }

  async drain() {
    await this.system.drain();
    await this.system.runJob("sync-performance");
  }

  /** Everything that is stored of a session, in the order in which it happened. */
  async journey(sessionId) {
    await this.drain();
    const rows = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ sessionId, limit: "500", ...(cursor && { cursor }) });
      const path = `/api/admin/analytics/user-journey?${query}`;
      const { status, body } = await this.system.get(path);
      assert.equal(status, 200, JSON.stringify(body));
      rows.push(...body.rows);
      cursor = body.nextCursor;
    } while (cursor);
    return rows.filter(({ id }) => id);
  }

  /**
   * The values of a session's interactions of one type, by number. In time, events of different requests
   * may stand the other way around if they are nearer to one another than the network is even.
   */
  async values(sessionId, eventType) {
    const rows = await this.journey(sessionId);
    const values = rows
      .filter((row) => row.eventType === eventType)
      .map((row) => row.selectionValue);
    return values.sort((a, b) => a - b);
  }

  /** Asserts that the ledger knows what became of every event, and gives what it says of each tab. */
  async assertClosed(sessionId) {
    await this.drain();
    const { session } = await this.system.ledger(sessionId);
    assert.equal(session.transmissions.difference, 0, JSON.stringify(session));
    for (const tab of session.tabs) {
      assert.deepEqual([tab.unknown, tab.overcounted], [0, 0], JSON.stringify(session));
    }
    return session;
  }
}

/** Tells numbered probes from a page. */
export async function probe(page, from, to) {
  await page.evaluate(
    ([first, last]) => {
      for (let number = first; number <= last; number += 1) {
        globalThis.tracker.track({
          eventType: "probe",
          category: "test",
          selectionValue: String(number),
        });
      }
    },
    [from, to],
  );
}

/** The names of numbered probes. */
export function numbers(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/** Waits until nothing waits in the visitor's queue. */
export async function sent(visitor, page = visitor.page) {
  await until(
    async () => (await page.evaluate(() => globalThis.tracker.flush())) === true,
    () => "the queue was never empty",
  );
}
