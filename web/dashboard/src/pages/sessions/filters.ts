// What the list of sessions is filtered and sorted by: it lives in the address, in the words of the API.

import {
  choice,
  optionalChoice,
  optionalFlag,
  optionalInteger,
  parseState,
  type StateOf,
  text,
} from "../../app/page-state";
import { CHANNELS, DEVICES, STATUSES } from "./words";

/** The orders that the API has. */
export const SORTS = ["newest", "price", "engaged"] as const;

/** What the list may be asked about a visit: whether it has something. */
export const FLAGS = ["hasConfiguration", "hasCart", "hasCompletion", "hasOrder"] as const;

const CENTS_MAX = 100_000_000_00;

/** The filters in the address; the order is no filter. */
export const filterFields = {
  search: text(),
  status: optionalChoice(STATUSES),
  device: optionalChoice(DEVICES),
  channel: optionalChoice(CHANNELS),
  country: text(),
  page: text(),
  minPriceCents: optionalInteger(0, CENTS_MAX),
  maxPriceCents: optionalInteger(0, CENTS_MAX),
  hasConfiguration: optionalFlag(),
  hasCart: optionalFlag(),
  hasCompletion: optionalFlag(),
  hasOrder: optionalFlag(),
};

/** Filters and order in the address. */
export const fields = { ...filterFields, sort: choice(SORTS, "newest") };

/** Filters and order of the list. Nothing is filtered by what is empty or missing. */
export type VisitFilters = StateOf<typeof fields>;

/** No filter at all. */
export const noFilters = parseState(filterFields, {});

/** What the API is asked: only what is set. */
export type FilterQuery = {
  [Key in keyof VisitFilters]?: Exclude<VisitFilters[Key], undefined>;
};

/** The filters as the API is asked them. */
export function filterQuery(filters: VisitFilters): FilterQuery {
  const set = Object.entries(filters).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(set);
}

/** How many of some filters are set. */
export function countSet(filters: VisitFilters, keys: readonly (keyof VisitFilters)[]): number {
  return keys.filter((key) => filters[key] !== undefined && filters[key] !== "").length;
}

/** Lists that somebody who sells looks at every day: filters with an order. */
export const presets = {
  lostCarts: { hasCart: true, hasOrder: false, sort: "newest" },
  dearWithoutCart: { hasConfiguration: true, hasCart: false, sort: "price" },
  longWithoutCart: { hasConfiguration: true, hasCart: false, sort: "engaged" },
  orders: { hasOrder: true, sort: "newest" },
} satisfies Readonly<Record<string, Partial<VisitFilters>>>;

/** Whether filters are exactly those of a preset. */
export function isPreset(filters: VisitFilters, preset: Partial<VisitFilters>): boolean {
  const wanted = filterQuery({ ...noFilters, sort: "newest", ...preset });
  const given = filterQuery(filters);
  const keys = new Set([...Object.keys(wanted), ...Object.keys(given)]);
  return [...keys].every((key) => Reflect.get(wanted, key) === Reflect.get(given, key));
}
