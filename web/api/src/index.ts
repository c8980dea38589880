// Typed client of the NEST-Haus API. Types follow from docs/openapi.json at every build.

import type { components, paths } from "./generated/schema";

export { type Api, type ApiOptions, createApi } from "./client";
export { type FieldError, Problem } from "./problem";
export { fieldsOf, listOf, numberOf, rateOf, textOf } from "./untyped";
export type { paths };

/** The named types of the description: `Schema<"Overview">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
