// Reading and changing as hooks, typed by path.

import type { Problem, paths } from "@nest-haus/api";
import {
  keepPreviousData,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { api } from "./client";

export { asProblem } from "./as-problem";

type Json<Operation> = Operation extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

/** Paths that answer JSON when they are read. */
export type ReadPath = {
  [P in keyof paths]: [Json<paths[P]["get"]>] extends [never] ? never : P;
}[keyof paths];

/** What a path answers. */
export type Answer<P extends ReadPath> = Json<paths[P]["get"]>;

/** What a path may be asked. */
export type Query<P extends ReadPath> = paths[P]["get"] extends {
  parameters: { query?: infer Asked };
}
  ? [Asked] extends [undefined]
    ? Record<string, never>
    : NonNullable<Asked>
  : Record<string, never>;

/** How a path is read. */
export interface ReadOptions {
  /** Milliseconds between readings, for live numbers; read once if left out. */
  everyMs?: number;
  /** Whether it is read at all. */
  enabled?: boolean;
}

/** The key of a path's readings; without a query, of all of them (for `invalidateQueries`). */
export function readKey<P extends ReadPath>(path: P, query?: Query<P>): readonly unknown[] {
  return query === undefined ? [path] : [path, query];
}

/** Reads a path once, outside of components. Throws a `Problem`. */
export async function read<P extends ReadPath>(
  path: P,
  query: Query<P>,
  signal?: AbortSignal,
): Promise<Answer<P>> {
  // The client's overloads cannot be resolved for a path that is a parameter; the types above say
  // the same as they do.
  const get = api.GET as (path: P, init: object) => Promise<{ data: Answer<P> }>;
  const { data } = await get(path, { params: { query }, signal });
  return data;
}

/** Reads a path. While another query is read, the answer to the one before stays (`isPlaceholderData`). */
export function useRead<P extends ReadPath>(
  path: P,
  query: Query<P>,
  options: ReadOptions = {},
): UseQueryResult<Answer<P>, Problem> {
  return useQuery<Answer<P>, Problem>({
    queryKey: readKey(path, query),
    queryFn: ({ signal }) => read(path, query, signal),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
  });
}

/**
 * A change: `run` sends it by `api`. When it is done, the paths that it `touches` are read anew. Its
 * `error` is a `Problem`; fields at fault are found by `fieldError`.
 */
export function useChange<Input, Output>(
  run: (input: Input) => Promise<Output>,
  touches: readonly ReadPath[] = [],
): UseMutationResult<Output, Problem, Input> {
  const queries = useQueryClient();
  return useMutation<Output, Problem, Input>({
    mutationFn: run,
    onSuccess: async () => {
      await Promise.all(touches.map((path) => queries.invalidateQueries({ queryKey: [path] })));
    },
  });
}
