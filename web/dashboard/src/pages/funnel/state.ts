// What the funnel page is asked: its parameters in the address, and the query of the API.

import type { Query } from "../../api/hooks";
import {
  choice,
  type Field,
  optionalChoice,
  optionalFlag,
  parseState,
  type StateOf,
  text,
} from "../../app/page-state";
import type { ComparedQuery } from "../../app/view";
import {
  type Exclusion,
  type Pattern,
  parseExclusions,
  parseSteps,
  parseWindows,
  patternOf,
  writeExclusions,
  writeSteps,
  writeWindows,
} from "./pattern";

/** In which order steps must come. */
export const ORDERS = ["ordered", "strict", "any"] as const;
/** What is counted. */
export const UNITS = ["session", "visitor", "configuration"] as const;
/** Whether a unit counts once, or anew after all steps. */
export const COUNTINGS = ["unique", "total"] as const;
/** What happens where two events have the same time. */
export const TIES = ["log", "strict"] as const;
/** The parts of the trend. */
export const INTERVALS = ["hour", "day", "week", "month"] as const;
/** Properties of visits that a funnel is broken down by. */
export const BREAKDOWNS = ["device", "channel", "source", "medium", "campaign", "country"] as const;

const hours: Field<number | undefined> = {
  parse: (given) => {
    const value = Number(given?.trim() || Number.NaN);
    return value > 0 && value <= 9600 ? value : undefined;
  },
  write: (value) => value?.toString(),
};

/** The configurator funnel, where nothing is said. */
const steps: Field<readonly Pattern[] | undefined> = {
  parse: parseSteps,
  write: (value) => value && writeSteps(value),
};

const stepWindowHours: Field<readonly (number | null)[]> = {
  parse: parseWindows,
  write: writeWindows,
};

const exclusions: Field<readonly Exclusion[]> = {
  parse: parseExclusions,
  write: (value) => (value.length > 0 ? writeExclusions(value) : undefined),
};

/** `first`, `last`, `all`, or `step` with a number. */
const attribution: Field<string> = {
  parse: (given) => (/^(last|all|step\d{1,2})$/.test(given ?? "") ? (given ?? "") : "first"),
  write: (value) => (value === "first" ? undefined : value),
};

/** The parameters in the address: the words of the API. */
export const fields = {
  steps,
  order: choice(ORDERS, "ordered"),
  ties: choice(TIES, "log"),
  counting: choice(COUNTINGS, "unique"),
  unit: choice(UNITS, "session"),
  windowHours: hours,
  stepWindowHours,
  exclusions,
  /** Empty for none; a property of visits, or `event.` and a property of events. */
  breakdown: text(),
  attribution,
  completeOnly: optionalFlag(),
  interval: optionalChoice(INTERVALS),
};

/** What the page is asked. */
export type FunnelState = StateOf<typeof fields>;

/** The page as it opens. */
export const DEFAULTS: FunnelState = parseState(fields, {});

/** The configurator funnel, as the API has it where nobody names steps. */
export const CONFIGURATOR: readonly Pattern[] = [
  patternOf("visit"),
  { ...patternOf("selection"), name: "configuration" },
  { ...patternOf("cart_add"), name: "cart" },
  patternOf("completion"),
  patternOf("order"),
];

/** The only events that a configuration has. */
export const OF_CONFIGURATIONS: readonly Pattern[] = [
  patternOf("snapshot"),
  patternOf("cart_add"),
  patternOf("completion"),
];

/** The query of a state in a range. Defaults are left out, so that the projected funnel answers fast. */
export function queryOf(
  range: ComparedQuery,
  state: FunnelState,
): Query<"/api/admin/analytics/conversion-funnel"> & ComparedQuery {
  const { breakdown, windowHours, interval } = state;
  const stepWindowHours = writeWindows(state.stepWindowHours);
  return {
    ...range,
    ...(state.steps ? { steps: writeSteps(state.steps) } : {}),
    ...(state.order === "ordered" ? {} : { order: state.order }),
    ...(state.ties === "log" ? {} : { ties: state.ties }),
    ...(state.counting === "unique" ? {} : { counting: state.counting }),
    ...(state.unit === "session" ? {} : { unit: state.unit }),
    ...(windowHours === undefined ? {} : { windowHours }),
    ...(stepWindowHours === undefined ? {} : { stepWindowHours }),
    ...(state.exclusions.length > 0 ? { exclusions: writeExclusions(state.exclusions) } : {}),
    ...(breakdown ? { breakdown } : {}),
    ...(breakdown && state.attribution !== "first" ? { attribution: state.attribution } : {}),
    ...(state.completeOnly ? { completeOnly: true } : {}),
    ...(interval ? { interval } : {}),
  };
}
