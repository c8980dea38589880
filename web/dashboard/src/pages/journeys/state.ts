// What the page of journeys is asked: its parameters in the address, and the query of the API.

import type { Query } from "../../api/hooks";
import {
  choice,
  type Field,
  optionalInteger,
  parseState,
  type StateOf,
  text,
} from "../../app/page-state";
import type { ComparedQuery } from "../../app/view";

/** From where ways are read. */
export const ANCHORS = ["start", "end", "between"] as const;

/** What stands for no node of its own. */
export const NO_NODES: readonly string[] = ["$entry", "$exit", "$more", "$other"];

/** From which share of all visits on a link is drawn, in per cent. */
export const THRESHOLDS = ["0", "1", "2", "5", "10"] as const;

const nodes: Field<readonly string[]> = {
  parse: (given) => given?.split(",").filter(Boolean) ?? [],
  write: (value) => (value.length > 0 ? value.join(",") : undefined),
};

/** The parameters in the address: the words of the API, and the threshold. */
export const fields = {
  anchor: choice(ANCHORS, "start"),
  /** The node that ways are read from; with `between`, the first of two. */
  node: text(),
  node2: text(),
  include: nodes,
  exclude: nodes,
  depth: optionalInteger(1, 20),
  limit: optionalInteger(1, 50),
  threshold: choice(THRESHOLDS, "1"),
};

/** What the page is asked. */
export type JourneysState = StateOf<typeof fields>;

/** The page as it opens. */
export const DEFAULTS: JourneysState = parseState(fields, {});

/** Whether a way between two nodes lacks one of them. */
export function lacksNode({ anchor, node, node2 }: JourneysState): boolean {
  return anchor === "between" && (!node || !node2);
}

/** The query of a state in a range. */
export function queryOf(
  range: ComparedQuery,
  state: JourneysState,
): Query<"/api/admin/analytics/journeys"> & ComparedQuery {
  const { anchor, node, node2, include, exclude, depth, limit } = state;
  return {
    ...range,
    anchor,
    ...(node ? { node } : {}),
    ...(anchor === "between" && node2 ? { node2 } : {}),
    ...(include.length > 0 ? { include: include.join(",") } : {}),
    ...(exclude.length > 0 ? { exclude: exclude.join(",") } : {}),
    ...(depth === undefined ? {} : { depth }),
    ...(limit === undefined ? {} : { limit }),
  };
}
