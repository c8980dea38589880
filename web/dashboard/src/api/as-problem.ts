// What was thrown, as a problem.

import { Problem } from "@nest-haus/api";

/** A thrown value as a `Problem`: mistakes of the dashboard itself are one, too. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem({ status: 0, code: "internal", message });
}
