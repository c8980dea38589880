// What the heat map is asked: its parameters in the address.

import { choice, parseState, type StateOf, text } from "../../app/page-state";

/** Which clicks are drawn. */
export const KINDS = ["clicks", "rage", "dead"] as const;

/** The parameters in the address. */
export const fields = {
  /** The page's path; all pages, where it is empty. */
  page: text(),
  /** The element's id; the most clicked one, where it is empty. */
  element: text(),
  /** The layer of the element that is drawn; the first one, where it is empty. */
  layer: text(),
  kind: choice(KINDS, "clicks"),
};

/** What the page is asked. */
export type HeatmapState = StateOf<typeof fields>;

/** The page as it opens. */
export const DEFAULTS: HeatmapState = parseState(fields, {});

/** The page's state, and how to change it. */
export interface StateProps {
  state: HeatmapState;
  onChange: (change: Partial<HeatmapState>) => void;
}
