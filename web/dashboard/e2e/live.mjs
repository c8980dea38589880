// Visitors who are configuring right now; the page of one of them shows a wrong price, which sets off an alert.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

/** How browsers call themselves. */
export const AGENTS = {
  desktop:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  mobile:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
};
const NEST = { category: "nest", value: "nest80", name: "Hoam 80", price: 213_032 };
const STEEL = { value: "trapezblech", name: "Trapezblech", price: 0 };
const LARCH = { value: "holzlattung", name: "Holzlattung Lärche Natur", price: 24_413 };
const BLACK = { value: "fassadenplatten_schwarz", name: "Fassadenplatten Schwarz", price: 36_011 };
/** `error` is by how many euros the page shows too much. */
const VISITORS = [
  { device: "desktop", exterior: STEEL, error: 0 },
  { device: "mobile", exterior: LARCH, error: 0 },
  { device: "desktop", exterior: BLACK, error: -1000 },
];

/** Lets visitors look at the configurator, choose an exterior and save it; then alerts are evaluated. Their sessions. */
export async function visitNow(system) {
  const sessions = await Promise.all(VISITORS.map((visitor) => visit(system, visitor)));
  await system.drain();
  const { status, body } = await system.get("/api/cron/evaluate-alerts");
  assert.equal(status, 200, JSON.stringify(body));
  return sessions;
}

/** Tells something about a session, as a visitor's browser does. `device` is a key of `AGENTS`. */
export async function tell(system, device, path, body) {
  const answer = await fetch(`${system.base}/api/sessions/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": AGENTS[device] },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
}

async function visit(system, { device, exterior, error }) {
  const sessionId = `client_${Date.now()}_${randomUUID().slice(0, 8)}`;
  const send = (path, body) => tell(system, device, path, { sessionId, ...body });
  const interact = (interaction) =>
    send("track-interaction", {
      interaction: { deviceInfo: { type: device }, ...interaction },
    });
  const category = "gebaeudehuelle";
  const totalPrice = NEST.price + exterior.price + error;
  const configuration = { nest: NEST, [category]: { category, ...exterior }, totalPrice };
  await interact({
    eventType: "page_visit",
    category: "navigation",
    selectionValue: "/konfigurator",
  });
  await interact({ eventType: "selection", category, selectionValue: exterior.value, totalPrice });
  await send("sync", { configuration, currentPrice: totalPrice });
  return sessionId;
}
