// The flows of the report, whose description says no more than `object`.

import { fieldsOf, listOf, numberOf, textOf } from "@nest-haus/api";

/** A link from a node to one at the next depth; against time, where ways are read from their end. */
export interface Flow {
  depth: number;
  from: string;
  to: string;
  visits: number;
}

/** A node at a depth. */
export interface FlowNode {
  depth: number;
  node: string;
  visits: number;
}

/** All of them, and of how many visits. */
export interface Flows {
  visits: number;
  nodes: readonly FlowNode[];
  links: readonly Flow[];
}

/** What stands for no node of its own. */
export const NO_NODES = ["$entry", "$exit", "$more", "$other"] as const;

/** Reads the flows of a report. */
export function flowsOf(report: unknown): Flows {
  const { visits, nodes, links } = fieldsOf(report);
  return {
    visits: numberOf(visits) ?? 0,
    nodes: listOf(nodes).map((read) => {
      const { depth, node, visits } = fieldsOf(read);
      return {
        depth: numberOf(depth) ?? 0,
        node: textOf(node) ?? "",
        visits: numberOf(visits) ?? 0,
      };
    }),
    links: listOf(links).map((read) => {
      const { depth, from, to, visits } = fieldsOf(read);
      return {
        depth: numberOf(depth) ?? 0,
        from: textOf(from) ?? "",
        to: textOf(to) ?? "",
        visits: numberOf(visits) ?? 0,
      };
    }),
  };
}
