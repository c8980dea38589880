// Whether cohorts show as far as they are known.

import type { Schema } from "@nest-haus/api";
import { expect, test } from "vitest";
import { shownCohorts } from "./report";

const rate = (num: number, den: number) => ({
  num,
  den,
  value: num / den,
  ciLow: 0,
  ciHigh: 1,
  nMinOk: false,
});

const cohort = (start: string, retained: readonly (Schema<"Rate"> | null)[]) => ({
  start,
  label: start,
  partial: false,
  size: 10,
  cells: retained.map((each, offset) => ({ offset, retained: each, incomplete: each === null })),
});

test("periods that are over for no cohort are left out of all of them", () => {
  const { cohorts } = shownCohorts({
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
  const { cohorts } = shownCohorts({
    cohorts: [cohort("2026-11-02", [rate(10, 10), rate(0, 10)])],
    mean: [{ offset: 1, cohorts: 1, pooled: rate(0, 10), simple: 0 }],
  });
  expect(cohorts[0]?.cells[1]?.retained?.value).toBe(0);
});
