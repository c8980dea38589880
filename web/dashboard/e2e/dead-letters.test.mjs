// Dead letters: events that the database refuses show with their reason, and are stored once they are sent again.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";

import { query } from "../../../tests/browser/database.mjs";
import { openDashboard } from "./system.mjs";

const RULE = "no_roof_today";

describe("dead letters", async () => {
  const { dashboard, tab, page } = await openDashboard({ simulated: false });
  const sql = (text) => query(text, [], dashboard.settings);

  async function send(events) {
    const body = JSON.stringify({ sessionId: "visitor-1", tabId: "t", events });
    const headers = { "content-type": "application/json" };
    const path = "/api/sessions/track-batch";
    const answer = await fetch(dashboard.base + path, { method: "POST", headers, body });
    assert.equal(answer.status, 202, await answer.text());
    await dashboard.system.drain();
  }

  const click = (seq, category) => ({
    eventId: randomUUID(),
    seq,
    clientTs: new Date().toISOString(),
    eventType: "click",
    category,
  });

  const stored = async () => {
    const { rows } = await sql("SELECT count(*)::int AS n FROM interaction_events");
    return rows[0].n;
  };

  test("without any, the page says so", async () => {
    await tab.open("/data-quality");
    await page.getByText("There are no dead letters.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Send all again" }).count(), 0);
  });

  test("what the database refuses shows with its reason, and stays dead until the cause is gone", async () => {
    await sql(`ALTER TABLE interaction_events ADD CONSTRAINT ${RULE} CHECK (category <> 'roof')`);
    await send([click(1, "wall"), click(2, "roof"), click(3, "roof"), click(4, "x".repeat(5000))]);
    assert.equal(await stored(), 1);
    await tab.open("/data-quality");
    await page.getByText("2 events are dead letters.").waitFor();
    const reasons = await tab.cellsOf("Why events were not stored");
    assert.deepEqual(
      reasons.map(([stage, why, , queue, events]) => [stage, why, queue, events]),
      [
        ["at the database", "The database refused it", "interactions", "2"],
        ["on arrival", "A field holds what it may not", "interactions", "1"],
      ],
    );
    assert.deepEqual(await tab.violations(), []);
    await tab.choose("Found", "at the database");
    await tab.parameterIs("stage", "dead");
    await tab.loaded();
    assert.equal((await tab.cellsOf("Events that were not stored, the newest first")).length, 2);
    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByText("Refused again: 2.").waitFor();
    assert.equal(await stored(), 1);
  });

  test("sent again, one and then the other, they are stored once, and the ledger closes", async () => {
    await sql(`ALTER TABLE interaction_events DROP CONSTRAINT ${RULE}`);
    await page
      .getByRole("button", { name: /^Send again: dead letter/ })
      .first()
      .click();
    await page.getByText("Stored: 1.").waitFor();
    await page.getByText("1 event is a dead letter.").waitFor();
    await page.getByRole("button", { name: "Send all again" }).click();
    await page.getByText("There are no dead letters.").waitFor();
    assert.equal(await stored(), 3);
    const { closed } = await tab.ask("/api/admin/analytics/data-quality");
    assert.equal(closed, true);
    assert.deepEqual(tab.takeProblems(), []);
  });
});
