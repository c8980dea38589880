// How numbers change from one period to another, and whether that is good.

import type { Schema } from "@nest-haus/api";

/** A change of a number. */
export interface Change {
  /** The ratio less one, or percentage points; nothing where there was nothing to compare with. */
  value: number | null | undefined;
  kind: "ratio" | "points";
  /** Whether it is more than chance; left out where that is not known. */
  significant?: boolean;
  /** Which way is good. */
  better: "up" | "down" | "neither";
}

/** Where a number went. */
export type Direction = "up" | "down" | "same";

/** A change of a count or an amount, from its ratio less one. */
export function changeOfCount(
  ratio: number | null | undefined,
  better: Change["better"] = "up",
): Change {
  return { value: ratio, kind: "ratio", better };
}

/** A change of a share. */
export function changeOfRate(
  change: Schema<"RateChange">,
  better: Change["better"] = "up",
): Change {
  const { points, pValue, significant } = change;
  const known = pValue === null || pValue === undefined ? {} : { significant };
  return { value: points, kind: "points", better, ...known };
}

/** The ratio less one of two numbers; nothing where the earlier one is zero or missing. */
export function ratioChange(
  now: number | null | undefined,
  before: number | null | undefined,
): number | null {
  if (now == null || before == null || before === 0) return null;
  return now / before - 1;
}

/** Where the number went; less than a twentieth of a percent, or of a point, is nowhere. */
export function directionOf({ value, kind }: Change): Direction {
  const shown = Math.abs(value ?? 0) * (kind === "ratio" ? 100 : 1);
  if (value == null || shown < 0.05) return "same";
  return value > 0 ? "up" : "down";
}

/** Whether a change is good. What may be chance is neither good nor bad. */
export function toneOf(change: Change): "good" | "bad" | "neutral" {
  const direction = directionOf(change);
  if (direction === "same" || change.better === "neither" || change.significant === false) {
    return "neutral";
  }
  return direction === change.better ? "good" : "bad";
}
