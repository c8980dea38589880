// The time, ticking: for what is said to be some seconds ago.

import { useInterval } from "@mantine/hooks";
import { useState } from "react";

const TICK_MS = 5_000;

/** The time in milliseconds of the epoch, anew every five seconds. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), TICK_MS, { autoInvoke: true });
  return now;
}
