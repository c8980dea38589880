// What the page of configurations is asked: its parameters in the address.

import { choice, type Fields, optionalFlag, text } from "../../app/page-state";

/** Which configuration of a session counts. */
export const BASES = ["final", "ordered", "ever"] as const;

/** How many configurations are listed. */
export const LIMITS = ["10", "25", "50", "100"] as const;

/** What prices are told apart by. */
export const SLICES = ["byBase", "byStatus", "bySource", "byPriceListVersion"] as const;

/** What the page is asked. */
export interface ConfigurationsState {
  basis: (typeof BASES)[number];
  limit: (typeof LIMITS)[number];
  /** The category whose options show; all of them, where it is empty. */
  category: string;
  /** Whether everything is priced by the list in force now. */
  repriced: boolean | undefined;
  slice: (typeof SLICES)[number];
}

/** The parameters in the address. */
export const fields: Fields<ConfigurationsState> = {
  basis: choice(BASES, "final"),
  limit: choice(LIMITS, "10"),
  category: text(),
  repriced: optionalFlag(),
  slice: choice(SLICES, "byBase"),
};

/** The page as it opens. */
export const DEFAULTS: ConfigurationsState = {
  basis: "final",
  limit: "10",
  category: "",
  repriced: undefined,
  slice: "byBase",
};

/** The page's state, and how to change it. */
export interface StateProps {
  state: ConfigurationsState;
  onChange: (change: Partial<ConfigurationsState>) => void;
}
