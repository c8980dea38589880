// Reading page after page.

import type { Problem } from "@nest-haus/api";
import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from "@tanstack/react-query";
import { type Answer, type Query, type ReadPath, read, readKey } from "./hooks";

/** Pages of what a path answers, the first first. */
export type Pages<P extends ReadPath> = InfiniteData<Answer<P>>;

/** A path that is read page after page. */
export type PagesQuery<P extends ReadPath> = UseInfiniteQueryResult<Pages<P>, Problem>;

/**
 * Reads a path page after page. `next` says what the page after one is asked besides `query`; nothing at the end.
 */
export function useReadPages<P extends ReadPath>(
  path: P,
  query: Query<P>,
  next: (last: Answer<P>) => Partial<Query<P>> | undefined,
  options: {
    /** Milliseconds between readings. */
    everyMs?: number | ((pages: Pages<P> | undefined) => number | false);
    /** Whether the pages of one query stay while another is read (they do, if left out). */
    keepPrevious?: boolean;
  } = {},
): PagesQuery<P> {
  const { everyMs = false, keepPrevious = true } = options;
  return useInfiniteQuery<
    Answer<P>,
    Problem,
    Pages<P>,
    readonly unknown[],
    Partial<Query<P>> | undefined
  >({
    queryKey: [...readKey(path, query), "pages"],
    queryFn: ({ pageParam, signal }) => read(path, Object.assign({}, query, pageParam), signal),
    initialPageParam: undefined,
    getNextPageParam: next,
    refetchInterval: ({ state }) => (typeof everyMs === "function" ? everyMs(state.data) : everyMs),
    ...(keepPrevious ? { placeholderData: keepPreviousData } : {}),
  });
}
