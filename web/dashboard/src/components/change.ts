// How numbers change from one period to another, and whether that is good.

import type { Schema } from "@nest-haus/api";

/** A change of a number. */
export interface Change {
  /** The ratio less one, or percentage points; nothing where there was nothing to compare with. */
  value: number | null | undefined;
  kind: "ratio" | "points";
  /** Whether it is more than chance; left out where that is not known. */
  verdict?: "clear" | "chance" | "few";
  /** Which way is good. */
  better: "up" | "down" | "neither";
}

const P_CLEAR = 0.05;

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
  return { value: change.points, kind: "points", better, ...verdictOf(change) };
}

function verdictOf({ pValue, significant }: Schema<"RateChange">): Pick<Change, "verdict"> {
  if (pValue == null) return {};
  if (significant) return { verdict: "clear" };
  // What would be clear by itself is not, where a share has fewer than 30 cases.
  return { verdict: pValue < P_CLEAR ? "few" : "chance" };
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
  const { better, verdict = "clear" } = change;
  if (direction === "same" || better === "neither" || verdict !== "clear") return "neutral";
  return direction === better ? "good" : "bad";
}
