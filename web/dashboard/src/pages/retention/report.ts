// The cohorts that the retention page shows.

import type { Schema } from "@nest-haus/api";

/** Cohorts without the periods at the end that are over for none of them. */
export function shownCohorts({ cohorts, mean }: Schema<"CohortTable">): Schema<"CohortTable"> {
  const known = cohorts.flatMap(({ cells }) => cells.filter(({ retained }) => retained));
  const last = Math.max(0, ...known.map(({ offset }) => offset));
  const shown = cohorts.map((cohort) => ({
    ...cohort,
    cells: cohort.cells.filter(({ offset }) => offset <= last),
  }));
  return { cohorts: shown, mean };
}
