// What the whole dashboard looks at: range, zone, population and comparison. It lives in the address,
// in the words of the API, so that a link shows the same view.

import { isZone } from "../lib/zone";

/** The ranges with a name, shortest first. */
export const NAMED_RANGES = ["24h", "7d", "30d", "90d"] as const;

/** With what a range is compared. */
export const COMPARISONS = ["previous", "previous_weekdays", "year", "custom", "none"] as const;

/** Whom numbers count. */
export const POPULATIONS = ["eligible", "all"] as const;

/** A range: one with a name, or `custom` with two instants. */
export type TimeRange = (typeof NAMED_RANGES)[number] | "custom";

/** What the dashboard looks at. Instants are RFC 3339. */
export interface View {
  timeRange: TimeRange;
  /** First instant of a custom range. */
  from?: string;
  /** First instant after a custom range. */
  to?: string;
  /** The IANA zone that days are counted in. */
  tz: string;
  population: (typeof POPULATIONS)[number];
  compare: (typeof COMPARISONS)[number];
  /** First instant of the range compared with, where that is `custom`. */
  compareFrom?: string;
}

/** Parameters in an address, each at most once. */
export type Search = Readonly<Record<string, string>>;

/** What a report without comparison is asked. */
export interface RangeQuery {
  timeRange: TimeRange;
  from?: string;
  to?: string;
  tz: string;
  population: View["population"];
}

/** What a report with comparison is asked. */
export interface ComparedQuery extends RangeQuery {
  compare: View["compare"];
  compareFrom?: string;
}

const VIEW_KEYS = ["timeRange", "from", "to", "tz", "population", "compare", "compareFrom"];

/** Reads a view; what is missing or makes no sense is the default. `ownTz` is the browser's zone. */
export function parseView(search: Search, ownTz: string): View {
  const compareFrom = instant(search.compareFrom);
  const compare = oneOf(COMPARISONS, search.compare) ?? "previous";
  return {
    ...parseRange(search),
    tz: search.tz !== undefined && isZone(search.tz) ? search.tz : ownTz,
    population: oneOf(POPULATIONS, search.population) ?? "eligible",
    ...(compare === "custom"
      ? compareFrom
        ? { compare, compareFrom }
        : { compare: "previous" }
      : { compare }),
  };
}

/** Writes a view; range and zone always, so that a link means the same to whoever opens it. */
export function writeView(view: View): Search {
  const { timeRange, from, to, tz, population, compare, compareFrom } = view;
  return {
    timeRange,
    ...(timeRange === "custom" && from && to ? { from, to } : {}),
    tz,
    ...(population === "eligible" ? {} : { population }),
    ...(compare === "previous" ? {} : { compare }),
    ...(compare === "custom" && compareFrom ? { compareFrom } : {}),
  };
}

/** The parameters of an address that are no part of the view: a page's own. */
export function withoutView(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([key]) => !VIEW_KEYS.includes(key)));
}

/** What a report without comparison is asked in a view. */
export function rangeQuery(view: View): RangeQuery {
  const { timeRange, from, to, tz, population } = view;
  return { timeRange, ...(from && to ? { from, to } : {}), tz, population };
}

/** What a report with comparison is asked in a view. */
export function comparedQuery(view: View): ComparedQuery {
  const { compare, compareFrom } = view;
  return { ...rangeQuery(view), compare, ...(compareFrom ? { compareFrom } : {}) };
}

/** Reads an address's query. A parameter given twice counts once, the last time. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Writes an address's query, with its question mark where it is not empty. */
export function writeSearch(search: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(search).flatMap(([key, value]) =>
    typeof value === "string" ? [[key, value]] : [],
  );
  const text = new URLSearchParams(entries).toString();
  return text ? `?${text}` : "";
}

/** `text`, if it is one of some words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
  text: string | undefined,
): Word | undefined {
  return words.find((word) => word === text);
}

function parseRange(search: Search): Pick<View, "timeRange" | "from" | "to"> {
  const [from, to] = [instant(search.from), instant(search.to)];
  if (search.timeRange === "custom" && from && to && from < to) {
    return { timeRange: "custom", from, to };
  }
  return { timeRange: oneOf(NAMED_RANGES, search.timeRange) ?? "7d" };
}

function instant(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
