// What is seen while the page is open: how prices and choices of live sessions change from reading to
// reading. The server tells what is; this remembers what was.

import { fieldsOf, numberOf, type Schema, textOf } from "@nest-haus/api";
import type { Choice } from "../../components/catalogue-names";
import type { ChoiceChange } from "../session/journey";

/** A price that a session had at a reading, in cents. */
export interface PriceReading {
  at: string;
  cents: number;
}

/** The prices of sessions by id, the earliest first: one for each change. */
export type Watch = ReadonlyMap<string, readonly PriceReading[]>;

const READINGS_MAX = 5;

/** Remembers a reading. Sessions that are gone are forgotten. */
export function noteReading(
  watch: Watch,
  { asOf, configuring }: Pick<Schema<"RealTime">, "asOf" | "configuring">,
): Watch {
  return new Map(
    configuring.map(({ sessionId, priceCents }) => {
      const seen = watch.get(sessionId) ?? [];
      const isNews = priceCents != null && seen.at(-1)?.cents !== priceCents;
      const readings = isNews ? [...seen, { at: asOf, cents: priceCents }] : seen;
      return [sessionId, readings.slice(-READINGS_MAX)];
    }),
  );
}

/**
 * The choices of a configuration as clients send it: of each known category an object with `value` and
 * `quantity`, or the bare value. Everything else in it is no choice.
 */
export function sentChoices(configuration: unknown, known: readonly string[]): readonly Choice[] {
  return Object.entries(fieldsOf(configuration)).flatMap(([category, sent]) => {
    if (!known.includes(category)) return [];
    const { value, option, quantity } = fieldsOf(sent);
    const chosen = textOf(sent) ?? textOf(value) ?? textOf(option);
    return chosen === undefined ? [] : [{ category, option: chosen, quantity: numberOf(quantity) }];
  });
}

/** What changed between two configurations. */
export function changesBetween(
  before: readonly Choice[],
  now: readonly Choice[],
): readonly ChoiceChange[] {
  const earlier = new Map(before.map((choice) => [choice.category, choice]));
  return now.flatMap((to) => {
    const from = earlier.get(to.category);
    const isSame = from?.option === to.option && from.quantity === to.quantity;
    return isSame ? [] : [{ category: to.category, from, to }];
  });
}
