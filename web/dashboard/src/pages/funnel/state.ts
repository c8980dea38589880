// What the funnel page is asked: its parameters in the address, and the query of the API.

import type { Query } from "../../api/hooks";
import {
  choice,
  type Field,
  type Fields,
  optionalChoice,
  optionalFlag,
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

/** What the page is asked. */
export interface FunnelState {
  /** The configurator funnel, where nothing is said. */
  steps: readonly Pattern[] | undefined;
  order: (typeof ORDERS)[number];
  ties: (typeof TIES)[number];
  counting: (typeof COUNTINGS)[number];
  unit: (typeof UNITS)[number];
  windowHours: number | undefined;
  stepWindowHours: readonly (number | null)[];
  exclusions: readonly Exclusion[];
  /** Empty for none; a property of visits, or `event.` and a property of events. */
  breakdown: string;
  /** `first`, `last`, `all`, or `step` with a number. */
  attribution: string;
  completeOnly: boolean | undefined;
  interval: (typeof INTERVALS)[number] | undefined;
}

const hours: Field<number | undefined> = {
  parse: (given) => {
    const value = Number(given?.trim() || Number.NaN);
    return value > 0 && value <= 9600 ? value : undefined;
  },
  write: (value) => value?.toString(),
};

/** The parameters in the address: the words of the API. */
export const fields: Fields<FunnelState> = {
  steps: { parse: parseSteps, write: (steps) => steps && writeSteps(steps) },
  order: choice(ORDERS, "ordered"),
  ties: choice(TIES, "log"),
  counting: choice(COUNTINGS, "unique"),
  unit: choice(UNITS, "session"),
  windowHours: hours,
  stepWindowHours: { parse: parseWindows, write: writeWindows },
  exclusions: {
    parse: parseExclusions,
    write: (exclusions) => (exclusions.length > 0 ? writeExclusions(exclusions) : undefined),
  },
  breakdown: text(),
  attribution: {
    parse: (given) => (/^(last|all|step\d{1,2})$/.test(given ?? "") ? (given ?? "") : "first"),
    write: (value) => (value === "first" ? undefined : value),
  },
  completeOnly: optionalFlag(),
  interval: optionalChoice(INTERVALS),
};

/** The page as it opens. */
export const DEFAULTS: FunnelState = {
  steps: undefined,
  order: "ordered",
  ties: "log",
  counting: "unique",
  unit: "session",
  windowHours: undefined,
  stepWindowHours: [],
  exclusions: [],
  breakdown: "",
  attribution: "first",
  completeOnly: undefined,
  interval: undefined,
};

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
