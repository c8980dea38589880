// A page of several parts, one at a time.

import { Tabs } from "@mantine/core";
import type { ReactNode } from "react";
import { oneOf } from "../app/view";

/** Tabs over the parts of a page. */
export function PartTabs<Part extends string>(props: {
  label: string;
  /** The parts that are offered. */
  parts: readonly Part[];
  names: Readonly<Record<Part, string>>;
  value: Part;
  onChange: (part: Part) => void;
  panels: Readonly<Record<Part, ReactNode>>;
}) {
  const { label, parts, names, value, onChange, panels } = props;
  return (
    <Tabs
      value={value}
      keepMounted={false}
      onChange={(given) => onChange(oneOf(parts, given ?? undefined) ?? value)}
    >
      <Tabs.List aria-label={label} mb="md">
        {parts.map((part) => (
          <Tabs.Tab key={part} value={part}>
            {names[part]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {parts.map((part) => (
        <Tabs.Panel key={part} value={part}>
          {panels[part]}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
