// Everything that pages stand on: theme, language, queries, notifications, routes.

import { MantineProvider } from "@mantine/core";
import { Problem } from "@nest-haus/api";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useMemo } from "react";
import { common } from "../i18n/common";
import { LanguageProvider } from "../i18n/language";
import { useTexts } from "../i18n/texts";
import { router } from "./router";
import { askAgain, forget, prefetchMe } from "./session";
import { preloadShell } from "./shell";
import { cssVariables, makeTheme } from "./theme";

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

preloadShell();
prefetchMe(queries);

/** The dashboard. */
export function App() {
  return (
    <StrictMode>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <Themed />
        </QueryClientProvider>
      </LanguageProvider>
    </StrictMode>
  );
}

function Themed() {
  const { close } = useTexts(common);
  const theme = useMemo(() => makeTheme(close), [close]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <RouterProvider router={router} />
    </MantineProvider>
  );
}

/** Refusals stay refusals; outages may be over the next time. */
function isWorthRetrying(failures: number, error: Error): boolean {
  const isOutage = error instanceof Problem && (error.status === 0 || error.status >= 500);
  return isOutage && failures < RETRIES_MAX;
}
