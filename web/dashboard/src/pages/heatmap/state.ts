// What the heat map is asked: its parameters in the address.

import { choice, type Fields, text } from "../../app/page-state";

/** Which clicks are drawn. */
export const KINDS = ["clicks", "rage", "dead"] as const;

/** What the page is asked. */
export interface HeatmapState {
  /** The page's path; all pages, where it is empty. */
  page: string;
  /** The element's id; the most clicked one, where it is empty. */
  element: string;
  /** The layer of the element that is drawn; the first one, where it is empty. */
  layer: string;
  kind: (typeof KINDS)[number];
}

/** The parameters in the address. */
export const fields: Fields<HeatmapState> = {
  page: text(),
  element: text(),
  layer: text(),
  kind: choice(KINDS, "clicks"),
};

/** The page as it opens. */
export const DEFAULTS: HeatmapState = { page: "", element: "", layer: "", kind: "clicks" };

/** The page's state, and how to change it. */
export interface StateProps {
  state: HeatmapState;
  onChange: (change: Partial<HeatmapState>) => void;
}
