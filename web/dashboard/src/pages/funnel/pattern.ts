// Steps and exclusions of a funnel: as the builder edits them, and as the API and the address write them.

import { fieldsOf, listOf, numberOf, textOf } from "@nest-haus/api";
import { oneOf } from "../../app/view";

/** How a property is compared. */
export const OPERATORS = ["is", "is_not", "contains", "greater", "less"] as const;

/** How a property is compared. */
export type Operator = (typeof OPERATORS)[number];

/** A condition on a property of an event. */
export interface Filter {
  property: string;
  op: Operator;
  value: string;
}

/** Which events count. Texts are empty where they do not matter. */
export interface Pattern {
  event: string;
  name: string;
  category: string;
  element: string;
  value: string;
  filters: readonly Filter[];
  /** Other events that count as well. */
  alternatives: readonly Pattern[];
}

/** An event that must not come between two steps, counted from 1. */
export interface Exclusion {
  pattern: Pattern;
  after: number;
  before: number;
}

/** How many there may be of each. */
export const LIMITS = { stepsMin: 2, steps: 20, exclusions: 5, alternatives: 10, filters: 3 };

/** A pattern of an event and nothing else. */
export function patternOf(event: string): Pattern {
  return { event, name: "", category: "", element: "", value: "", filters: [], alternatives: [] };
}

/** Reads steps; nothing where the text is no list of at least two. */
export function parseSteps(text: string | undefined): readonly Pattern[] | undefined {
  const steps = listIn(text).map(readPattern);
  return steps.length >= LIMITS.stepsMin ? steps.slice(0, LIMITS.steps) : undefined;
}

/** Writes steps as the API reads them. */
export function writeSteps(steps: readonly Pattern[]): string {
  return JSON.stringify(steps.map(writePattern));
}

/** Reads exclusions. */
export function parseExclusions(text: string | undefined): readonly Exclusion[] {
  return listIn(text)
    .slice(0, LIMITS.exclusions)
    .map((read) => {
      const { after, before } = fieldsOf(read);
      return {
        pattern: readPattern(read),
        after: numberOf(after) ?? 1,
        before: numberOf(before) ?? 2,
      };
    });
}

/** Writes exclusions as the API reads them. */
export function writeExclusions(exclusions: readonly Exclusion[]): string {
  const written = exclusions.map(({ pattern, after, before }) => ({
    ...writePattern(pattern),
    after,
    before,
  }));
  return JSON.stringify(written);
}

/** Reads the longest hours to each step from the one before, beginning with the second. */
export function parseWindows(text: string | undefined): readonly (number | null)[] {
  return listIn(text).map((hours) => numberOf(hours) ?? null);
}

/** Writes windows as the API reads them; nothing where none is set. */
export function writeWindows(windows: readonly (number | null)[]): string | undefined {
  return windows.some((hours) => hours !== null) ? JSON.stringify(windows) : undefined;
}

function listIn(text: string | undefined): readonly unknown[] {
  try {
    return listOf(JSON.parse(text ?? "[]"));
  } catch {
    return [];
  }
}

function readPattern(read: unknown): Pattern {
  const { event, name, category, element, value, filters, alternatives } = fieldsOf(read);
  return {
    event: textOf(event) ?? "",
    name: textOf(name) ?? "",
    category: textOf(category) ?? "",
    element: textOf(element) ?? "",
    value: textOf(value) ?? "",
    filters: listOf(filters).map(readFilter),
    alternatives: listOf(alternatives).map(readPattern),
  };
}

function readFilter(read: unknown): Filter {
  const { property, op, value } = fieldsOf(read);
  return {
    property: textOf(property) ?? "",
    op: oneOf(OPERATORS, textOf(op)) ?? "is",
    value: textOf(value) ?? numberOf(value)?.toString() ?? "",
  };
}

function writePattern({ event, filters, alternatives, ...texts }: Pattern): object {
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  return {
    event: event.trim(),
    ...Object.fromEntries(given.map(([key, text]) => [key, text.trim()])),
    ...(filters.length > 0 ? { filters: filters.map(writeFilter) } : {}),
    ...(alternatives.length > 0 ? { alternatives: alternatives.map(writePattern) } : {}),
  };
}

function writeFilter({ property, op, value }: Filter): object {
  const number = Number(value);
  const isNumber = (op === "greater" || op === "less") && value.trim() && !Number.isNaN(number);
  return { property: property.trim(), op, value: isNumber ? number : value };
}
