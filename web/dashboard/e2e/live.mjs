// Visitors who are configuring right now.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const BROWSERS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
];
const NEST = { category: "nest", value: "nest80", name: "Hoam 80", price: 213_032 };
const EXTERIORS = [
  { value: "trapezblech", name: "Trapezblech", price: 0 },
  { value: "holzlattung", name: "Holzlattung Lärche Natur", price: 24_413 },
  { value: "fassadenplatten_schwarz", name: "Fassadenplatten Schwarz", price: 36_011 },
].map((exterior) => ({ category: "gebaeudehuelle", ...exterior }));

/** Lets three visitors look at the configurator and save what they configured; gives their sessions. */
export async function visitNow(system) {
  const sessions = await Promise.all(
    EXTERIORS.map((exterior, index) => visit(system, exterior, index)),
  );
  await system.drain();
  return sessions;
}

async function visit(system, exterior, index) {
  const sessionId = `client_${Date.now()}_${randomUUID().slice(0, 8)}`;
  const headers = {
    "content-type": "application/json",
    "user-agent": BROWSERS[index % BROWSERS.length],
  };
  const send = async (path, body) => {
    const init = { method: "POST", headers, body: JSON.stringify({ sessionId, ...body }) };
    const answer = await fetch(system.base + path, init);
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
  };
  const seen = { eventType: "page_visit", category: "navigation", selectionValue: "/konfigurator" };
  await send("/api/sessions/track-interaction", { interaction: seen });
  const totalPrice = NEST.price + exterior.price;
  const configuration = { nest: NEST, gebaeudehuelle: exterior, totalPrice };
  await send("/api/sessions/sync", { configuration, currentPrice: totalPrice });
  return sessionId;
}
