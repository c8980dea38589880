// What the performance page shows, in the address.

import { usePageState } from "../../app/navigation";
import { choice, optionalFlag, text } from "../../app/page-state";

/** The parts of the page. */
export const PARTS = ["visitors", "system", "health"] as const;

/** The filters of endpoints. */
export const endpointFields = {
  /** What endpoints' names have in them. */
  endpoint: text(),
  /** Whether work that nobody waits for is listed too. */
  jobs: optionalFlag(),
};

const fields = {
  ...endpointFields,
  part: choice(PARTS, "visitors"),
  /** The metric that is looked at closely; the first one, if empty. */
  metric: text(),
};

/** The page's state in the address. */
export function usePerformanceState() {
  return usePageState(fields);
}
