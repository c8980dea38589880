// Whether moments, prices and missing choices are those of the journey.

import { expect, test } from "vitest";
import {
  changesOf,
  choicesSince,
  dwellOf,
  type EventRow,
  isMoment,
  isShown,
  type JourneyRow,
  neighbour,
  pricesOf,
} from "./journey";

const configuration = (id: string, at: string, cents: number): JourneyRow => ({
  kind: "configuration",
  id,
  at,
  late: false,
  trigger: "sync",
  changes: [],
  exits: false,
  completes: false,
  totalPriceCents: cents,
  claimedPriceCents: cents + 1,
});
const interaction = (id: string, at: string, eventType: string): JourneyRow => ({
  kind: "interaction",
  id,
  at,
  late: false,
  eventType,
  category: "fenster",
  selectionValue: "holz",
  shownPriceCents: eventType === "selection" ? 300 : null,
});
const gap: JourneyRow = {
  kind: "gap",
  at: "2026-11-01T10:00:04Z",
  late: false,
  first: 3,
  last: 4,
  count: 2,
  refused: 0,
};
const rows: JourneyRow[] = [
  interaction("a", "2026-11-01T10:00:00Z", "scroll"),
  configuration("b", "2026-11-01T10:00:01Z", 100),
  interaction("c", "2026-11-01T10:00:02Z", "selection"),
  interaction("d", "2026-11-01T10:00:03Z", "click"),
  gap,
  configuration("e", "2026-11-01T10:00:05Z", 200),
];
const moments = rows.filter(isMoment);

test("moments are configurations and choices", () => {
  expect(moments.map(({ id }) => id)).toEqual(["b", "c", "e"]);
});

test("one steps from moment to moment, and not beyond the ends", () => {
  const [first, second, last] = moments;
  expect(neighbour(moments, undefined, 1)).toBe(first);
  expect(neighbour(moments, undefined, -1)).toBe(last);
  expect(neighbour(moments, first, 1)).toBe(second);
  expect(neighbour(moments, first, -1)).toBeUndefined();
  expect(neighbour(moments, last, 1)).toBeUndefined();
});

test("from a row between moments one steps to the nearest", () => {
  const click = rows.find((row): row is EventRow => row.id === "d");
  expect(neighbour(moments, click, -1)?.id).toBe("c");
  expect(neighbour(moments, click, 1)?.id).toBe("e");
});

test("prices are computed ones of configurations and shown ones of both", () => {
  const prices = pricesOf(rows).map(({ id, computedCents, shownCents }) => [
    id,
    computedCents,
    shownCents,
  ]);
  expect(prices).toEqual([
    ["b", 100, 101],
    ["c", null, 300],
    ["e", 200, 201],
  ]);
});

test("choices since a snapshot are those up to the moment", () => {
  expect(choicesSince(rows, "b", "d").map(({ id }) => id)).toEqual(["c"]);
  expect(choicesSince(rows, "b", "b")).toEqual([]);
  expect(choicesSince(rows, "e", "b")).toEqual([]);
});

test("missing events are trouble, scrolling is no highlight", () => {
  const shown = (how: Parameters<typeof isShown>[1]) =>
    rows.filter((row) => isShown(row, how)).map((row) => row.id ?? row.kind);
  expect(shown("trouble")).toEqual(["gap"]);
  expect(shown("highlights")).toEqual(["b", "c", "d", "gap", "e"]);
  expect(shown("configuration")).toEqual(["b", "c", "e"]);
});

test("changes name their category in both choices, dwell says whether it is a lower bound", () => {
  const changes = [
    { category: "pv", from: null, to: { option: "modules", quantity: 4 } },
    { category: "fenster", from: { option: "holz" }, to: null },
  ];
  expect(changesOf({ changes })).toEqual([
    {
      category: "pv",
      from: undefined,
      to: { category: "pv", option: "modules", quantity: 4 },
    },
    {
      category: "fenster",
      from: { category: "fenster", option: "holz", quantity: undefined },
      to: undefined,
    },
  ]);
  const row = configuration("x", "2026-11-01T10:00:00Z", 1);
  expect(dwellOf({ ...row, dwell: { ms: 5, censored: true } })).toEqual({ ms: 5, atLeast: true });
  expect(dwellOf(row)).toBeUndefined();
});
