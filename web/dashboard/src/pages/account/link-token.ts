// The token of a mailed link.

import { useState } from "react";

/** What stands behind `#`; it is taken out of the address, so that it stays in no history. */
export function useLinkToken(): string {
  const [token] = useState(() => {
    const given = window.location.hash.slice(1);
    if (given) window.history.replaceState(window.history.state, "", window.location.pathname);
    return given;
  });
  return token;
}
