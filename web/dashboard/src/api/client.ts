// The one client of the dashboard, and the token that its changes show.

import { createApi } from "@nest-haus/api";

let csrfToken: string | undefined;

/**
 * The client: same origin, the session's cookie, every refusal thrown as a `Problem`. The browser asks whether a
 * copy that it has still holds, also where visitors are shown an older one for a while.
 */
export const api = createApi({
  baseUrl: window.location.origin,
  csrfToken: () => csrfToken,
  fetch: (request) => fetch(request, { cache: "no-cache" }),
});

/** Says which token changes show from now on; nothing when nobody is signed in. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}
