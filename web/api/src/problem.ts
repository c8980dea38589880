// What the API answers instead of what was asked for: problem documents, and failures of the network.

import type { components } from "./generated/schema";

/** A field at fault: its path in the request, what is wrong for a program, and for a person (English). */
export type FieldError = components["schemas"]["FieldError"];

type ProblemDocument = components["schemas"]["ProblemDocument"];

/** A request that was refused or failed. `message` is a sentence in English. */
export class Problem extends Error {
  /** Status of HTTP; 0 where no answer came. */
  readonly status: number;
  /** What went wrong, for a program: `invalid_fields` for example; `unreachable` where no answer came. */
  readonly code: string;
  /** The fields at fault, if any. */
  readonly errors: readonly FieldError[];
  /** Names the request in the server's logs; nothing where no answer came. */
  readonly requestId: string | undefined;
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfterS: number | undefined;
  /** What changed meanwhile, where the request is about a state that is no longer there. */
  readonly conflict: unknown;

  constructor(facts: {
    status: number;
    code: string;
    message: string;
    errors?: readonly FieldError[];
    requestId?: string | undefined;
    retryAfterS?: number | undefined;
    conflict?: unknown;
  }) {
    super(facts.message);
    this.name = "Problem";
    this.status = facts.status;
    this.code = facts.code;
    this.errors = facts.errors ?? [];
    this.requestId = facts.requestId;
    this.retryAfterS = facts.retryAfterS;
    this.conflict = facts.conflict;
  }
}

/** Reads a refusal. What is no problem document (a proxy's page, for example) becomes one by its status. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterS = Number.isFinite(retryAfter) ? retryAfter : undefined;
  const document = await readDocument(response);
  return new Problem({
    status,
    retryAfterS,
    code: document?.code ?? `http_${status}`,
    message: document?.detail ?? (response.statusText || `HTTP ${status}`),
    errors: document?.errors ?? [],
    requestId: document?.requestId ?? response.headers.get("x-request-id") ?? undefined,
    conflict: document?.conflict ?? undefined,
  });
}

/** The problem of a request that got no answer. */
export function unreachable(cause: unknown): Problem {
  const message = cause instanceof Error ? cause.message : "no answer";
  return new Problem({ status: 0, code: "unreachable", message });
}

async function readDocument(response: Response): Promise<ProblemDocument | undefined> {
  if (!response.headers.get("content-type")?.includes("application/problem+json")) return undefined;
  const document: unknown = await response.json().catch(() => undefined);
  return isDocument(document) ? document : undefined;
}

function isDocument(value: unknown): value is ProblemDocument {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "errors" in value &&
    Array.isArray(value.errors)
  );
}
