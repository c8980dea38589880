// The list of visits, read page by page.

import type { Problem } from "@nest-haus/api";
import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from "@tanstack/react-query";
import { type Answer, read, readKey } from "../../api/hooks";
import type { RangeQuery } from "../../app/view";
import type { FilterQuery } from "./filters";

const PATH = "/api/admin/analytics/sessions";
const ROWS = 50;

/** Pages of the list, the first first. */
export type VisitPages = InfiniteData<Answer<typeof PATH>>;

/** Reads the visits of a range that pass the filters. */
export function useVisits(
  query: RangeQuery & FilterQuery,
): UseInfiniteQueryResult<VisitPages, Problem> {
  return useInfiniteQuery<
    Answer<typeof PATH>,
    Problem,
    VisitPages,
    readonly unknown[],
    string | undefined
  >({
    queryKey: [...readKey(PATH, query), "pages"],
    queryFn: ({ pageParam, signal }) =>
      read(PATH, { ...query, limit: ROWS, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}
