// What values are credited with, beside the period compared with.

import type { Schema } from "@nest-haus/api";

/** The models that divide a conversion among visits, in the order that they are shown in. */
export const MODELS = [
  "first",
  "last",
  "lastNonDirect",
  "linear",
  "position",
  "timeDecay",
  "removal",
] as const;

/** A model. */
export type Model = (typeof MODELS)[number];

/** What is counted. */
export type Measure = keyof Schema<"Credit">;

/** A value with its visits and credits; `before` in the period compared with. */
export interface Attributed extends Schema<"AttributedValue"> {
  before: Schema<"ComparedAttribution"> | undefined;
}

/** The values of a report, and all others together as the last one. */
export function attributedOf(report: Schema<"AttributionReport">): readonly Attributed[] {
  const { values, other, comparison } = report;
  const before = comparison ? [...comparison.values, comparison.other] : [];
  return [...values, other].map((value, at) => ({ ...value, before: before[at] }));
}

/** The models that were asked for: all, or all but the removal effect. */
export function modelsOf(rows: readonly Attributed[]): readonly Model[] {
  return MODELS.filter((model) => rows.some(({ credits }) => credits[model]));
}
