// What the page of configurations is asked: its parameters in the address.

import { choice, optionalFlag, type StateOf, text } from "../../app/page-state";

/** Which configuration of a session counts. */
export const BASES = ["final", "ordered", "ever"] as const;

/** How many configurations are listed. */
export const LIMITS = ["10", "25", "50", "100"] as const;

/** What prices are told apart by. */
export const SLICES = ["byBase", "byStatus", "bySource", "byPriceListVersion"] as const;

/** The parameters in the address. */
export const fields = {
  basis: choice(BASES, "final"),
  limit: choice(LIMITS, "10"),
  /** The category whose options show; all of them, where it is empty. */
  category: text(),
  /** Whether everything is priced by the list in force now. */
  repriced: optionalFlag(),
  slice: choice(SLICES, "byBase"),
};

/** What the page is asked. */
export type ConfigurationsState = StateOf<typeof fields>;

/** The page's state, and how to change it. */
export interface StateProps {
  state: ConfigurationsState;
  onChange: (change: Partial<ConfigurationsState>) => void;
}
