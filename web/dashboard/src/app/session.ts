// Who is signed in, and what they may do.

import type { Problem } from "@nest-haus/api";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "../api/client";
import { forgetMe, type Me, readMe, rememberMe } from "./me";

/** What a role may do; the words of the API. */
export type Permission =
  | "analytics:read"
  | "catalog:read"
  | "catalog:write"
  | "users:read"
  | "users:write"
  | "api-keys:write"
  | "audit:read"
  | "payments:write"
  | "settings:write"
  | "jobs:run"
  | "alerts:write";

const ME = ["me"] as const;
const FRESH_MS = 300_000;

/** Who is signed in: nothing while that is not known, `null` when nobody is. */
export function useMe() {
  return useQuery<Me | null, Problem>({ queryKey: ME, queryFn: readMe, staleTime: FRESH_MS });
}

/** Asks who is signed in before anything shows. */
export function prefetchMe(queries: QueryClient): void {
  void queries.prefetchQuery({ queryKey: ME, queryFn: readMe, staleTime: FRESH_MS });
}

/** Asks anew who is signed in: after a refused change, where a wrong password is refused like nobody. */
export function askAgain(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: ME });
}

/** Whether whoever is signed in may do something. */
export function useMay(permission: Permission | undefined): boolean {
  const { data } = useMe();
  return permission === undefined || (data?.permissions.includes(permission) ?? false);
}

/** Takes over who signed in. */
export function useSignedIn(): (me: Me) => void {
  const queries = useQueryClient();
  return useCallback(
    (me) => {
      rememberMe(me);
      queries.setQueryData(ME, me);
    },
    [queries],
  );
}

/** Signs out here and on the server, and forgets all that was read. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await api.POST("/api/admin/auth/logout").catch(() => undefined);
    forget(queries);
  }, [queries]);
}

/** Forgets who was signed in and all that was read, so that the sign-in page shows. */
export function forget(queries: QueryClient): void {
  forgetMe();
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== ME[0] });
  queries.setQueryData(ME, null);
}
