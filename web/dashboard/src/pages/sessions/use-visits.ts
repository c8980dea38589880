// The list of visits, read page by page.

import { type Pages, type PagesQuery, useReadPages } from "../../api/pages";
import type { RangeQuery } from "../../app/view";
import type { FilterQuery } from "./filters";

const PATH = "/api/admin/analytics/sessions";
const ROWS = 50;

/** Pages of the list, the first first. */
export type VisitPages = Pages<typeof PATH>;

/** Reads the visits of a range that pass the filters. */
export function useVisits(query: RangeQuery & FilterQuery): PagesQuery<typeof PATH> {
  return useReadPages(PATH, { ...query, limit: ROWS }, ({ nextCursor: cursor }) =>
    cursor ? { cursor } : undefined,
  );
}
