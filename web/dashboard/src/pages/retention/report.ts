// The parts of the retention report that its description calls objects, read with their types.

import { fieldsOf, listOf, numberOf, rateOf, type Schema, textOf } from "@nest-haus/api";

/** Who of a cohort returned in one period after the start. */
export interface CohortCell {
  /** How many periods after the start. */
  offset: number;
  /** Nothing where the period is not over for everybody. */
  retained: Schema<"Rate"> | undefined;
}

/** Visitors who started in the same period. */
export interface Cohort {
  /** First instant of the period, RFC 3339. */
  start: string;
  /** The same in the zone of the report. */
  label: string;
  /** Whether the range cuts the period. */
  partial: boolean;
  size: number;
  cells: readonly CohortCell[];
}

/** Who returned, over all cohorts for which a period is over. */
export interface Mean {
  offset: number;
  /** How many cohorts it is of. */
  cohorts: number;
  /** Every visitor counts the same. */
  pooled: Schema<"Rate"> | undefined;
  /** Every cohort counts the same. */
  simple: number | undefined;
}

/** Cohorts with their means. */
export interface CohortTable {
  cohorts: readonly Cohort[];
  mean: readonly Mean[];
}

/** A step of the curve of how many something has happened to. */
export interface CurveStep {
  /** Hours since the start. */
  hours: number;
  /** To how many it could still happen. */
  atRisk: number;
  happened: number;
  /** The share to whom it has happened by then, with its 95 % interval. */
  reached: number;
  low: number | undefined;
  high: number | undefined;
}

/**
 * Reads the cohorts of a report, or of one of its segments. Periods at the end that are over for no
 * cohort are left out.
 */
export function cohortTableOf(answer: unknown): CohortTable {
  const { cohorts: listed, mean } = fieldsOf(answer);
  const cohorts = listOf(listed).map(cohortOf);
  const known = cohorts.flatMap(({ cells }) => cells.filter(({ retained }) => retained));
  const last = Math.max(0, ...known.map(({ offset }) => offset));
  const isShown = ({ offset }: { offset: number }) => offset <= last;
  return {
    cohorts: cohorts.map((cohort) => ({ ...cohort, cells: cohort.cells.filter(isShown) })),
    mean: listOf(mean).map(meanOf),
  };
}

/** Reads a step of a curve. */
export function stepOf(answer: unknown): CurveStep {
  const { time, atRisk, happened, reached, ciLow, ciHigh } = fieldsOf(answer);
  return {
    hours: numberOf(time) ?? 0,
    atRisk: numberOf(atRisk) ?? 0,
    happened: numberOf(happened) ?? 0,
    reached: numberOf(reached) ?? 0,
    low: numberOf(ciLow),
    high: numberOf(ciHigh),
  };
}

function cohortOf(answer: unknown): Cohort {
  const { start, label, partial, size, cells } = fieldsOf(answer);
  return {
    start: textOf(start) ?? "",
    label: textOf(label) ?? "",
    partial: partial === true,
    size: numberOf(size) ?? 0,
    cells: listOf(cells).map(cellOf),
  };
}

function cellOf(answer: unknown): CohortCell {
  const { offset, retained } = fieldsOf(answer);
  return { offset: numberOf(offset) ?? 0, retained: rateOf(retained) };
}

function meanOf(answer: unknown): Mean {
  const { offset, cohorts, pooled, simple } = fieldsOf(answer);
  return {
    offset: numberOf(offset) ?? 0,
    cohorts: numberOf(cohorts) ?? 0,
    pooled: rateOf(pooled),
    simple: numberOf(simple),
  };
}
