// Prices as the report has them, where its description says no more than `object`.

import { fieldsOf, listOf, numberOf } from "@nest-haus/api";

/** Percentiles in cents; nothing without sessions. */
export type Percentiles = Readonly<
  Record<"p5" | "p10" | "p25" | "p50" | "p75" | "p90" | "p95", number | undefined>
>;

/** A part of the distribution, in cents; the first one has no beginning, the last one no end. */
export interface Bin {
  from: number | undefined;
  to: number | undefined;
  sessions: number;
}

/** The distribution of prices, in cents. */
export interface Distribution {
  sessions: number;
  min: number | undefined;
  max: number | undefined;
  percentiles: Percentiles;
  bins: readonly Bin[];
}

/** Reads percentiles. */
export function percentilesOf(read: unknown): Percentiles {
  const { p5, p10, p25, p50, p75, p90, p95 } = fieldsOf(read);
  return {
    p5: numberOf(p5),
    p10: numberOf(p10),
    p25: numberOf(p25),
    p50: numberOf(p50),
    p75: numberOf(p75),
    p90: numberOf(p90),
    p95: numberOf(p95),
  };
}

/** Reads a distribution. */
export function distributionOf(read: unknown): Distribution {
  const { sessions, minCents, maxCents, percentiles, bins } = fieldsOf(read);
  return {
    sessions: numberOf(sessions) ?? 0,
    min: numberOf(minCents),
    max: numberOf(maxCents),
    percentiles: percentilesOf(percentiles),
    bins: listOf(bins).map(binOf),
  };
}

function binOf(read: unknown): Bin {
  const { fromCents, toCents, sessions } = fieldsOf(read);
  return { from: numberOf(fromCents), to: numberOf(toCents), sessions: numberOf(sessions) ?? 0 };
}
