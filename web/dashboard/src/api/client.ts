// The one client of the dashboard, and the token that its changes show.

import { createApi } from "@nest-haus/api";

let csrfToken: string | undefined;

/** The client: same origin, the session's cookie, every refusal thrown as a `Problem`. */
export const api = createApi({ baseUrl: window.location.origin, csrfToken: () => csrfToken });

/** Says which token changes show from now on; nothing when nobody is signed in. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}
