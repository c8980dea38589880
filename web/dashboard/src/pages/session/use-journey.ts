// The journey, read page by page up to as many rows as a page shows well, and kept up to date while the
// session goes on.

import { useEffect } from "react";
import { type Pages, type PagesQuery, useReadPages } from "../../api/pages";

const PATH = "/api/admin/analytics/user-journey";
const ROWS = 500;
const PAGES_AT_ONCE = 4;
const GOING_ON_MS = 5 * 60_000;
const EVERY_MS = 15_000;

/** Pages of a journey, the first first. */
export type JourneyPages = Pages<typeof PATH>;

/** Reads a journey: the first two thousand rows at once, more when they are asked for. */
export function useJourney(sessionId: string): PagesQuery<typeof PATH> {
  const journey = useReadPages(
    PATH,
    { sessionId, limit: ROWS },
    ({ nextCursor: cursor }) => (cursor ? { sessionId, cursor } : undefined),
    { everyMs: (pages) => isGoingOn(pages) && EVERY_MS, keepPrevious: false },
  );
  const { data, hasNextPage, isFetching, fetchNextPage } = journey;
  const wantsMore = hasNextPage && !isFetching && (data?.pages.length ?? 0) < PAGES_AT_ONCE;
  useEffect(() => {
    if (wantsMore) void fetchNextPage();
  }, [wantsMore, fetchNextPage]);
  return journey;
}

/** Whether the session was active in the last five minutes, seen from the server's clock. */
export function isGoingOn(data: JourneyPages | undefined): boolean {
  const last = data?.pages.at(-1);
  const activity = last?.session.lastActivityAt;
  if (!last || !activity) return false;
  return Date.parse(last.meta.asOf) - Date.parse(activity) < GOING_ON_MS;
}
