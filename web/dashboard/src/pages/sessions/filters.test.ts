// Whether filters in the address are what the API is asked, and nothing else.

import { expect, test } from "vitest";
import { parseState, writeState } from "../../app/page-state";
import { countSet, fields, filterQuery, isPreset, noFilters, presets } from "./filters";

test("an address without filters asks for nothing but the order", () => {
  expect(filterQuery(parseState(fields, {}))).toEqual({ sort: "newest" });
});

test("filters come back from the address as they were written", () => {
  const filters = parseState(fields, {
    search: "client_1",
    device: "mobile",
    hasCart: "true",
    hasOrder: "false",
    minPriceCents: "20000000",
    sort: "price",
  });
  expect(parseState(fields, writeState(fields, {}, filters))).toEqual(filters);
  expect(filterQuery(filters)).toEqual({
    search: "client_1",
    device: "mobile",
    hasCart: true,
    hasOrder: false,
    minPriceCents: 20_000_000,
    sort: "price",
  });
});

test("words that the API does not know are no filters", () => {
  const filters = parseState(fields, { status: "GONE", device: "fridge", minPriceCents: "-1" });
  expect(countSet(filters, ["status", "device", "minPriceCents"])).toBe(0);
});

test("a preset is recognised only without other filters", () => {
  const filters = { ...noFilters, ...presets.lostCarts };
  expect(isPreset(filters, presets.lostCarts)).toBe(true);
  expect(isPreset({ ...filters, device: "mobile" }, presets.lostCarts)).toBe(false);
  expect(isPreset({ ...filters, sort: "price" }, presets.lostCarts)).toBe(false);
});
