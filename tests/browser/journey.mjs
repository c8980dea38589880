// Compares a session's journey as the server tells it with what a browser sent.

import assert from "node:assert/strict";

/** Asserts that a journey has every interaction that was sent, once and in order. */
export function assertJourney(interactions, requests) {
  const sent = requests.map(interactionOf).filter(({ interaction }) => interaction);
  const stored = interactions.map(essence);
  const wanted = sent.map(({ interaction }) => JSON.stringify(interaction));
  assert.deepEqual(stored.toSorted(), wanted.toSorted(), "interactions, once each");
  assert.equal(new Set(interactions.map(({ id }) => id)).size, interactions.length, "ids");
  assertOrder(sent, placesOf(wanted, stored));
}

/** An interaction as the journey spells it, or none. */
function interactionOf({ path, body, sentAt, endedAt }) {
  return { interaction: spelled(path.split("/").at(-1), body), sentAt, endedAt };
}

function spelled(name, body) {
  if (name === "track") {
    return pick({ ...body, eventType: "selection", selectionValue: body.selection });
  }
  if (name !== "track-interaction") return null;
  return pick({ ...body.interaction, deviceType: body.interaction.deviceInfo.type });
}

function essence(interaction) {
  return JSON.stringify(pick(interaction));
}

function pick({ eventType, category, elementId, selectionValue, timeSpent, deviceType }) {
  const values = { eventType, category, elementId, selectionValue, timeSpent, deviceType };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value ?? null]));
}

/** Where each interaction stands in the journey; equal ones in the order of sending. */
function placesOf(wanted, stored) {
  const left = [...stored];
  return wanted.map((interaction) => {
    const place = left.indexOf(interaction);
    left[place] = undefined;
    return place;
  });
}

/** Of two interactions of which one was answered before the other was sent, it comes first. */
function assertOrder(sent, places) {
  sent.forEach((earlier, first) => {
    sent.forEach((later, second) => {
      if (earlier.endedAt >= later.sentAt) return;
      assert.ok(places[first] < places[second], `order of ${first} and ${second} as sent`);
    });
  });
}
