// Whether changes of prices and choices are noticed, and nothing else.

import { expect, test } from "vitest";
import { changesBetween, noteReading, sentChoices, type Watch } from "./watch";

const reading = (asOf: string, prices: Readonly<Record<string, number | null>>) => ({
  asOf,
  configuring: Object.entries(prices).map(([sessionId, priceCents]) => ({
    sessionId,
    priceCents,
    status: "ACTIVE" as const,
    onRequest: [],
  })),
});
const none: Watch = new Map();

test("a price is noted when it changes, and not again while it stays", () => {
  const first = noteReading(none, reading("1", { a: 100 }));
  const second = noteReading(first, reading("2", { a: 100 }));
  const third = noteReading(second, reading("3", { a: 150 }));
  expect(third.get("a")).toEqual([
    { at: "1", cents: 100 },
    { at: "3", cents: 150 },
  ]);
});

test("a session without a price has no readings, and one that left is forgotten", () => {
  const first = noteReading(none, reading("1", { a: null, b: 5 }));
  expect(first.get("a")).toEqual([]);
  expect(noteReading(first, reading("2", { a: null })).has("b")).toBe(false);
});

test("choices are read from known categories only", () => {
  const sent = {
    nest: { value: "nest80", category: "nest", price: 1 },
    pv: { value: "modules", quantity: 4 },
    fenster: "holz",
    totalPrice: 5,
    userData: { value: "Ada" },
  };
  const known = ["nest", "pv", "fenster", "totalPrice"];
  expect(sentChoices(sent, known)).toEqual([
    { category: "nest", option: "nest80", quantity: undefined },
    { category: "pv", option: "modules", quantity: 4 },
    { category: "fenster", option: "holz", quantity: undefined },
  ]);
});

test("another option, another quantity and a new category are changes", () => {
  const before = [
    { category: "nest", option: "nest80" },
    { category: "pv", option: "modules", quantity: 4 },
    { category: "fenster", option: "holz" },
  ];
  const now = [
    { category: "nest", option: "nest100" },
    { category: "pv", option: "modules", quantity: 6 },
    { category: "fenster", option: "holz" },
    { category: "boden", option: "parkett" },
  ];
  expect(changesBetween(before, now).map(({ category }) => category)).toEqual([
    "nest",
    "pv",
    "boden",
  ]);
});
