// What the alerts page shows, in the address.

import { usePageState } from "../../app/navigation";
import { choice, optionalInteger, text } from "../../app/page-state";

/** The parts of the page. */
export const PARTS = ["alerts", "rules", "backtest", "messages"] as const;

/** How far a back-test may look back, in days. */
export const BACKTEST_DAYS = ["7", "14", "30", "60"] as const;

/** How long a rule may stay silent after an alert. */
export const COOL_DOWN_MINUTES_MAX = 10_080;

/** How a rule is tried; as it is set, where empty. */
export const trialFields = {
  threshold: text(),
  countMin: optionalInteger(0, Number.MAX_SAFE_INTEGER),
  coolDownMinutes: optionalInteger(0, COOL_DOWN_MINUTES_MAX),
};

const fields = {
  ...trialFields,
  part: choice(PARTS, "alerts"),
  /** The rule that alerts are filtered by, or that is tried; empty for all. */
  rule: text(),
  days: choice(BACKTEST_DAYS, "60"),
};

/** The page's state in the address. */
export function useAlertsState() {
  return usePageState(fields);
}
