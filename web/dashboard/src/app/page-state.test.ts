// Whether a page's filters come back from the address, and leave the rest of it alone.

import { expect, test } from "vitest";
import {
  choice,
  type Fields,
  optionalChoice,
  optionalFlag,
  optionalInteger,
  parseState,
  resetOf,
  text,
  writeState,
} from "./page-state";

interface State {
  search: string;
  sort: "newest" | "longest";
  device: "mobile" | "desktop" | undefined;
  minPrice: number | undefined;
  hasCart: boolean | undefined;
}

const fields: Fields<State> = {
  search: text(),
  sort: choice(["newest", "longest"], "newest"),
  device: optionalChoice(["mobile", "desktop"]),
  minPrice: optionalInteger(0, 1_000_000),
  hasCart: optionalFlag(),
};

const NOTHING: State = {
  search: "",
  sort: "newest",
  device: undefined,
  minPrice: undefined,
  hasCart: undefined,
};

test("filters come back from the address", () => {
  const state: State = {
    search: "a&b=c",
    sort: "longest",
    device: "mobile",
    minPrice: 0,
    hasCart: false,
  };
  const written = writeState(fields, { timeRange: "7d" }, state);
  expect(parseState(fields, written)).toEqual(state);
  expect(written.timeRange).toBe("7d");
});

test("defaults are not written, and take out what was there", () => {
  const before = { search: "x", sort: "longest", device: "mobile", minPrice: "5", hasCart: "true" };
  expect(writeState(fields, before, NOTHING)).toEqual({});
});

test("filters go back to their defaults, and nothing else does", () => {
  const { sort: _, ...filters } = fields;
  const longest = { ...NOTHING, sort: "longest" } as const;
  const changes: object[] = [];
  const reset = resetOf(filters, { ...NOTHING, hasCart: false }, (change) => changes.push(change));
  reset?.();
  const { sort: __, ...nothing } = NOTHING;
  expect(changes).toEqual([nothing]);
  expect(resetOf(filters, longest, () => {})).toBeUndefined();
});

test("what makes no sense is no filter", () => {
  const nonsense = { sort: "price", device: "toaster", minPrice: "-1", hasCart: "maybe" };
  expect(parseState(fields, nonsense)).toEqual(NOTHING);
  expect(parseState(fields, { minPrice: "" }).minPrice).toBeUndefined();
});
