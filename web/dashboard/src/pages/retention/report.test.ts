// Whether cohorts are read as the API means them.

import { expect, test } from "vitest";
import { cohortTableOf, stepOf } from "./report";

const rate = (num: number, den: number) => ({
  num,
  den,
  value: num / den,
  ciLow: 0,
  ciHigh: 1,
  nMinOk: false,
});

const cohort = (start: string, retained: readonly (object | null)[]) => ({
  start,
  label: start,
  partial: false,
  size: 10,
  cells: retained.map((each, offset) => ({ offset, retained: each, incomplete: each === null })),
});

test("periods that are over for no cohort are left out of all of them", () => {
  const { cohorts } = cohortTableOf({
    cohorts: [
      cohort("2026-11-02", [rate(10, 10), rate(3, 10), null, null]),
      cohort("2026-11-09", [rate(10, 10), null, null, null]),
    ],
    mean: [],
  });
  expect(cohorts.map(({ cells }) => cells.map(({ retained }) => retained?.num))).toEqual([
    [10, 3],
    [10, undefined],
  ]);
});

test("a share of nobody is a share, not a period that is not over", () => {
  const { cohorts } = cohortTableOf({
    cohorts: [cohort("2026-11-02", [rate(10, 10), rate(0, 10)])],
    mean: [{ offset: 1, cohorts: 1, pooled: rate(0, 10), simple: 0 }],
  });
  expect(cohorts[0]?.cells[1]?.retained?.value).toBe(0);
});

test("a step without an interval has none", () => {
  expect(stepOf({ time: 24, atRisk: 9, happened: 1, reached: 0.1, ciLow: null })).toEqual({
    hours: 24,
    atRisk: 9,
    happened: 1,
    reached: 0.1,
    low: undefined,
    high: undefined,
  });
});
