// What pages stand on: queries and routes.

import { Problem } from "@nest-haus/api";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { mayBeSignedIn } from "./me";
import { router } from "./router";
import { askAgain, forget, prefetchMe } from "./session";

const FRESH_MS = 60_000;
const RETRIES_MAX = 2;

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) forget(queries);
    },
  }),
  mutationCache: new MutationCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) askAgain(queries);
    },
  }),
  defaultOptions: {
    queries: { staleTime: FRESH_MS, retry: isWorthRetrying, refetchOnWindowFocus: true },
  },
});

if (mayBeSignedIn()) {
  prefetchMe(queries);
  // The page comes while it is not yet known who is signed in, not after.
  void router.load();
}

/** Every page, and the sign-in page where one must be signed in. */
export default function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

/** Refusals stay refusals; outages may be over the next time. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isOutage = error instanceof Problem && (error.status === 0 || error.status >= 500);
  return isOutage && failures < RETRIES_MAX;
}
