// What the performance page shows, in the address.

import { usePageState } from "../../app/navigation";
import { choice, type Fields, optionalFlag, text } from "../../app/page-state";

/** The parts of the page. */
export const PARTS = ["visitors", "system", "health"] as const;

interface State {
  part: (typeof PARTS)[number];
  /** The metric that is looked at closely; the first one, if empty. */
  metric: string;
  /** What endpoints' names have in them. */
  endpoint: string;
  /** Whether work that nobody waits for is listed too. */
  jobs: boolean | undefined;
}

const fields: Fields<State> = {
  part: choice(PARTS, "visitors"),
  metric: text(),
  endpoint: text(),
  jobs: optionalFlag(),
};

/** The page's state in the address. */
export function usePerformanceState() {
  return usePageState(fields);
}
