// The tooltip of a hint.

import { Tooltip } from "@mantine/core";
import type { RefObject } from "react";

/** A tooltip beside an element that is there already. */
export default function HintTooltip(props: {
  label: string;
  target: RefObject<HTMLElement | null>;
  opened: boolean;
}) {
  return <Tooltip {...props} />;
}
