// Measurements of the performance reports, which their description calls objects, read with their types.

import { fieldsOf, numberOf, rateOf, type Schema, textOf } from "@nest-haus/api";

/** How good a value is at the 75th percentile. */
export type Rating = "good" | "needs_improvement" | "poor";

/** What is good and what is poor: at most `good` is good, more than `poor` is poor. */
export interface Thresholds {
  good: number;
  poor: number;
}

/** Measurements that have something in common. Values are in the unit of their metric. */
export interface Measured {
  n: number;
  p50: number | undefined;
  p75: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  /** How many were good; nothing where no threshold is known. */
  good: Schema<"Rate"> | undefined;
  /** Whether there are too few for a verdict. */
  isInsufficient: boolean;
  rating: Rating | undefined;
}

/** Requests that have something in common. Times are in milliseconds. */
export interface Load {
  n: number;
  errors: Schema<"Rate"> | undefined;
  p50: number | undefined;
  p75: number | undefined;
  p95: number | undefined;
  p99: number | undefined;
  database: Operations;
  redis: Operations;
}

/** Statements, or Redis operations, of some requests. */
export interface Operations {
  n: number;
  perRequest: number | undefined;
  p95: number | undefined;
  /** Their time as a share of that of the requests. */
  timeShare: number | undefined;
}

const RATINGS: readonly Rating[] = ["good", "needs_improvement", "poor"];

/** Reads measurements. */
export function measuredOf(answer: unknown): Measured {
  const fields = fieldsOf(answer);
  return {
    n: numberOf(fields.n) ?? 0,
    p50: numberOf(fields.p50),
    p75: numberOf(fields.p75),
    p95: numberOf(fields.p95),
    p99: numberOf(fields.p99),
    good: rateOf(fields.good),
    isInsufficient: fields.insufficient === true,
    rating: RATINGS.find((rating) => rating === textOf(fields.rating)),
  };
}

/** Reads thresholds; nothing where none are known. */
export function thresholdsOf(answer: unknown): Thresholds | undefined {
  const fields = fieldsOf(answer);
  const [good, poor] = [numberOf(fields.good), numberOf(fields.poor)];
  return good === undefined || poor === undefined ? undefined : { good, poor };
}

/** Reads requests. */
export function loadOf(answer: unknown): Load {
  const fields = fieldsOf(answer);
  const times = fieldsOf(fields.responseMs);
  return {
    n: numberOf(fields.n) ?? 0,
    errors: rateOf(fields.errorRate),
    p50: numberOf(times.p50),
    p75: numberOf(times.p75),
    p95: numberOf(times.p95),
    p99: numberOf(times.p99),
    database: operationsOf(fields.database),
    redis: operationsOf(fields.redis),
  };
}

function operationsOf(answer: unknown): Operations {
  const fields = fieldsOf(answer);
  return {
    n: numberOf(fields.n) ?? 0,
    perRequest: numberOf(fields.perRequest),
    p95: numberOf(fields.p95Ms),
    timeShare: numberOf(fields.timeShare),
  };
}
