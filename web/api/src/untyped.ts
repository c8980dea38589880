// Values that the description calls objects without saying more: checked where they are read.

import type { components } from "./generated/schema";

type Rate = components["schemas"]["Rate"];

/** A value as an object whose fields are unknown; an empty one, where it is none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** A value as a number; nothing where it is none. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** A value as a text; nothing where it is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A value as a list; an empty one, where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as a share with its counts and interval; nothing where it is none. */
export function rateOf(value: unknown): Rate | undefined {
  const { num, den, value: share, ciLow, ciHigh, nMinOk } = fieldsOf(value);
  if (typeof num !== "number" || typeof den !== "number") return undefined;
  return {
    num,
    den,
    value: numberOf(share) ?? null,
    ciLow: numberOf(ciLow) ?? null,
    ciHigh: numberOf(ciHigh) ?? null,
    nMinOk: nMinOk === true,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
