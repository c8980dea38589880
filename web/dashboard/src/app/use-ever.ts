// Whether something was ever so: what is loaded when first wanted stays for its closing animation.

import { useState } from "react";

/** Whether `now` is true or was true in an earlier rendering. */
export function useEver(now: boolean): boolean {
  const [ever, setEver] = useState(now);
  if (now && !ever) setEver(true);
  return ever || now;
}
