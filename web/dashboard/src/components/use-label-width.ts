// How much room the labels beside lying bars have.

import { useMediaQuery } from "@mantine/hooks";

/** Pixels for labels at an axis: more where the window is wide. */
export function useLabelWidth(): number {
  return useMediaQuery("(min-width: 62em)", false, { getInitialValueInEffect: false }) ? 260 : 110;
}
