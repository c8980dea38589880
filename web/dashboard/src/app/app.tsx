// Everything that pages stand on: theme, language, queries, notifications, routes.

import { MantineProvider } from "@mantine/core";
import { Problem } from "@nest-haus/api";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { LanguageProvider } from "../i18n/language";
import { router } from "./router";
import { forget, prefetchMe } from "./session";
import { preloadShell } from "./shell";
import { cssVariables, theme } from "./theme";

const FRESH_MS = 60_000;
const RETRIES_MAX = 2;

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) forget(queries);
    },
  }),
  defaultOptions: {
    queries: { staleTime: FRESH_MS, retry: isWorthRetrying, refetchOnWindowFocus: true },
  },
});

preloadShell();
prefetchMe(queries);

/** The dashboard. */
export function App() {
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <LanguageProvider>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </LanguageProvider>
      </MantineProvider>
    </StrictMode>
  );
}

/** Refusals stay refusals; outages may be over the next time. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isOutage = error instanceof Problem && (error.status === 0 || error.status >= 500);
  return isOutage && failures < RETRIES_MAX;
}
