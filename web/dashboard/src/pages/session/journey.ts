// A session's journey as the page needs it: its moments, its prices, which rows matter.

import { fieldsOf, numberOf, type Schema } from "@nest-haus/api";
import type { Choice } from "../../components/catalogue-names";

/** Something that happened, or did not. */
export type JourneyRow = Schema<"JourneyRow">;

/** A row about one kind of thing. */
export type RowOf<Kind extends JourneyRow["kind"]> = Extract<JourneyRow, { kind: Kind }>;

/** A row that is an event: it can be opened as a moment. */
export type EventRow = JourneyRow & { id: string };

/** What the timeline may be cut down to. */
export const SHOWN = ["highlights", "configuration", "trouble", "everything"] as const;

/** A choice that changed: nothing on a side where there was, or is, none. */
export interface ChoiceChange {
  category: string;
  from: Choice | undefined;
  to: Choice | undefined;
}

/** How long a configuration stood: at least so long, where the session ended with it. */
export interface Dwell {
  ms: number;
  atLeast: boolean;
}

/** A price at a moment. */
export interface PricePoint {
  /** The row's id. */
  id: string;
  at: string;
  visit: number | null | undefined;
  /** What the configuration costs by the price list in force then, in cents. */
  computedCents: number | null;
  /** What the page showed, in cents. */
  shownCents: number | null;
}

const QUIET = ["engagement", "scroll", "options_shown", "hover", "mousemove"];

/** Whether a row is an event, with an id. */
export function isEvent(row: JourneyRow): row is EventRow {
  return row.id != null;
}

/** Whether a row changed the configuration, or says what it was: what the page steps through. */
export function isMoment(row: JourneyRow): row is EventRow {
  if (!isEvent(row)) return false;
  return row.kind === "configuration" || row.dwell != null || isSelection(row);
}

/** Whether a row is a choice of the visitor. */
export function isSelection(row: JourneyRow): row is RowOf<"interaction"> {
  return row.kind === "interaction" && row.eventType === "selection";
}

/** Whether a row stays when the timeline is cut down. */
export function isShown(row: JourneyRow, shown: (typeof SHOWN)[number]): boolean {
  switch (shown) {
    case "everything":
      return true;
    case "highlights":
      return row.kind !== "measurement" && !isQuiet(row);
    case "configuration":
      return row.kind === "visit" || isMoment(row);
    case "trouble":
      return isTrouble(row);
  }
}

/** Whether something went wrong: an error, missing events, a wrong price, an event that came late. */
export function isTrouble(row: JourneyRow): boolean {
  if (row.kind === "error" || row.kind === "gap" || row.late) return true;
  return row.kind === "configuration" && row.priceCheck === "mismatch";
}

/** Small events that say little by themselves; a page that is left is one beside the page that comes. */
function isQuiet(row: JourneyRow): boolean {
  if (row.kind !== "interaction") return false;
  const isLeaving = row.eventType === "page_visit" && row.timeSpentMs != null;
  return QUIET.includes(row.eventType) || isLeaving;
}

/** The choices that a configuration changed. */
export function changesOf({ changes }: Pick<RowOf<"configuration">, "changes">): ChoiceChange[] {
  return changes.map(({ category, from, to }) => ({
    category,
    from: choiceOf(category, from),
    to: choiceOf(category, to),
  }));
}

/** The choices of a configuration. */
export function choicesOf(selections: Schema<"Selections">): Choice[] {
  return Object.entries(selections).flatMap(
    ([category, choice]) => choiceOf(category, choice) ?? [],
  );
}

/** The choice that an interaction says; nothing where it says none. */
export function selectedOf(row: RowOf<"interaction">): ChoiceChange {
  const { category, previousValue, selectionValue } = row;
  const quantity = numberOf(fieldsOf(row.additionalData).quantity);
  return {
    category,
    from: previousValue == null ? undefined : { category, option: previousValue },
    to: selectionValue == null ? undefined : { category, option: selectionValue, quantity },
  };
}

/** How long the configuration stood after a row. */
export function dwellOf({ dwell }: JourneyRow): Dwell | undefined {
  return dwell ? { ms: dwell.ms, atLeast: dwell.censored } : undefined;
}

/** The prices of a journey, in order: computed ones of configurations, shown ones of choices. */
export function pricesOf(rows: readonly JourneyRow[]): PricePoint[] {
  return rows.flatMap((row) => {
    if (!isEvent(row)) return [];
    const { id, at, visit } = row;
    const computedCents = (row.kind === "configuration" && row.totalPriceCents) || null;
    const shownCents = shownPrice(row);
    return computedCents === null && shownCents === null
      ? []
      : [{ id, at, visit, computedCents, shownCents }];
  });
}

/** What is chosen between a snapshot and a moment: the snapshot does not have it yet. */
export function choicesSince(
  rows: readonly JourneyRow[],
  snapshotId: string,
  momentId: string,
): readonly RowOf<"interaction">[] {
  const snapshot = rows.findIndex(({ id }) => id === snapshotId);
  const moment = rows.findIndex(({ id }) => id === momentId);
  if (snapshot < 0 || moment < snapshot) return [];
  return rows.slice(snapshot + 1, moment + 1).filter(isSelection);
}

/**
 * The moment before or after another one. Where `current` is no moment of the list, its neighbours are
 * found by time; without any, the first and the last are.
 */
export function neighbour(
  moments: readonly EventRow[],
  current: { id: string; at: string } | undefined,
  step: 1 | -1,
): EventRow | undefined {
  if (!current) return moments.at(step === 1 ? 0 : -1);
  const place = moments.findIndex(({ id }) => id === current.id);
  if (place >= 0) return moments[place + step];
  return step === 1
    ? moments.find(({ at }) => at > current.at)
    : moments.filter(({ at }) => at < current.at).at(-1);
}

function shownPrice(row: EventRow): number | null {
  if (row.kind === "configuration") return row.claimedPriceCents ?? null;
  return row.kind === "interaction" ? (row.shownPriceCents ?? null) : null;
}

function choiceOf(category: string, choice: Schema<"Choice"> | null | undefined) {
  return choice
    ? { category, option: choice.option, quantity: choice.quantity ?? undefined }
    : undefined;
}
