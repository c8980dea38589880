// What the alerts page shows, in the address.

import { usePageState } from "../../app/navigation";
import { choice, type Fields, optionalChoice, optionalInteger, text } from "../../app/page-state";

/** The parts of the page. */
export const PARTS = ["alerts", "rules", "backtest", "messages"] as const;

/** How far a back-test may look back, in days. */
export const BACKTEST_DAYS = ["7", "14", "30", "60"] as const;

/** States of messages. */
export const MESSAGE_STATES = ["queued", "sent", "failed", "withdrawn"] as const;

interface State {
  part: (typeof PARTS)[number];
  /** The rule that alerts are filtered by, or that is tried; empty for all. */
  rule: string;
  /** How a rule is tried; as it is set, where empty. */
  days: (typeof BACKTEST_DAYS)[number];
  threshold: string;
  countMin: number | undefined;
  coolDownMinutes: number | undefined;
  message: (typeof MESSAGE_STATES)[number] | undefined;
}

const COOL_DOWN_MINUTES_MAX = 10_080;

const fields: Fields<State> = {
  part: choice(PARTS, "alerts"),
  rule: text(),
  days: choice(BACKTEST_DAYS, "60"),
  threshold: text(),
  countMin: optionalInteger(0, Number.MAX_SAFE_INTEGER),
  coolDownMinutes: optionalInteger(0, COOL_DOWN_MINUTES_MAX),
  message: optionalChoice(MESSAGE_STATES),
};

/** The page's state in the address. */
export function useAlertsState() {
  return usePageState(fields);
}
