// What choosing another range or comparison does to the view.

import { addDays, dayOf, startOfDay } from "../lib/zone";
import { COMPARISONS, NAMED_RANGES, oneOf, type View } from "./view";

const CUSTOM_DAYS = 14;

/** Another range by its name; a custom one begins with the last two weeks. */
export function rangeChange(view: View, value: string | null): Partial<View> {
  const timeRange = oneOf(NAMED_RANGES, value ?? undefined);
  if (timeRange) return { timeRange };
  const today = dayOf(new Date().toISOString(), view.tz);
  return customRange(addDays(today, 1 - CUSTOM_DAYS), today, view.tz);
}

/** Another comparison by its name; a custom one begins with a year before. */
export function comparisonChange(view: View, value: string | null): Partial<View> {
  const compare = oneOf(COMPARISONS, value ?? undefined) ?? "previous";
  if (compare !== "custom") return { compare };
  const start = view.from ?? new Date().toISOString();
  return { compare, compareFrom: startOfDay(addDays(dayOf(start, view.tz), -365), view.tz) };
}

/** The days from a first to a last one, both included. */
export function customRange(first: string, last: string, tz: string): Partial<View> {
  return {
    timeRange: "custom",
    from: startOfDay(first, tz),
    to: startOfDay(addDays(last, 1), tz),
  };
}

/** Ranges are half open: the last instant in one that ends at `to`. */
export function lastInstant(to: string): string {
  return new Date(Date.parse(to) - 1).toISOString();
}
