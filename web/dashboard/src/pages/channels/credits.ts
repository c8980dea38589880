// The parts of the attribution report that its description calls objects, read with their types.

import { fieldsOf, numberOf, rateOf, type Schema } from "@nest-haus/api";

/** The models that divide a conversion among visits, in the order that they are shown in. */
export const MODELS = [
  "first",
  "last",
  "lastNonDirect",
  "linear",
  "position",
  "timeDecay",
  "removal",
] as const;

/** A model. */
export type Model = (typeof MODELS)[number];

/** What a value is credited with. */
export interface Credit {
  /** Conversions; parts of one, where it is divided. */
  conversions: number;
  revenueCents: number;
}

/** How a credit differs from that of the period compared with. */
export interface CreditChange {
  before: number;
  /** The number now by it, less one; nothing where there was none. */
  change: number | undefined;
}

/** A value with its visits and credits. */
export interface Attributed {
  value: string;
  visits: number;
  conversionRate: Schema<"Rate"> | undefined;
  /** By model; without the removal effect where that was not asked for. */
  credits: ReadonlyMap<Model, Credit>;
  /** Visits and conversion rate against the period compared with. */
  visitsBefore: Schema<"ComparedCount"> | undefined;
  rateBefore: Schema<"ComparedRate"> | undefined;
  /** By model, in the period compared with. */
  compared: ReadonlyMap<Model, { conversions: CreditChange; revenueCents: CreditChange }>;
}

/** What is counted. */
export type Measure = keyof Credit;

/** Reads a credit: of a model, the total, or what is unattributable. */
export function creditOf(answer: unknown): Credit {
  const { conversions, revenueCents } = fieldsOf(answer);
  return { conversions: numberOf(conversions) ?? 0, revenueCents: numberOf(revenueCents) ?? 0 };
}

/** Reads the values of a report, and all others together as the last one. */
export function attributedOf(report: Schema<"AttributionReport">): readonly Attributed[] {
  const { values, other, comparison } = report;
  const before = comparison ? [...comparison.values, comparison.other] : [];
  return [...values, other].map((value, at) => {
    const then = fieldsOf(before[at]?.credits);
    const now = fieldsOf(value.credits);
    return {
      value: value.value,
      visits: value.visits,
      conversionRate: rateOf(value.conversionRate),
      visitsBefore: before[at]?.visits,
      rateBefore: before[at]?.conversionRate,
      credits: new Map(given(now).map((model) => [model, creditOf(now[model])])),
      compared: new Map(given(then).map((model) => [model, comparedOf(then[model])])),
    };
  });
}

function given(byModel: Readonly<Record<string, unknown>>): readonly Model[] {
  return MODELS.filter((model) => byModel[model] !== undefined && byModel[model] !== null);
}

function comparedOf(answer: unknown) {
  const { conversions, revenueCents } = fieldsOf(answer);
  return { conversions: changeOf(conversions), revenueCents: changeOf(revenueCents) };
}

function changeOf(answer: unknown): CreditChange {
  const { before, change } = fieldsOf(answer);
  return { before: numberOf(before) ?? 0, change: numberOf(change) };
}
