// Who is signed in, as the server tells it, and what this browser remembers of that.

import { Problem, type Schema } from "@nest-haus/api";
import { api, setCsrfToken } from "../api/client";

/** Who is signed in. */
export type Me = Schema<"Me">;

const HINT = "nest-haus-signed-in";

/** Asks the server who is signed in; `null` when nobody is. Throws a `Problem` where it cannot tell. */
export async function readMe(): Promise<Me | null> {
  try {
    const { data } = await api.GET("/api/admin/auth/me");
    if (!data) return null;
    rememberMe(data);
    return data;
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.status === 401) return null;
    throw thrown;
  }
}

/** Whether somebody was signed in here last: a guess of what to load, never of what is allowed. */
export function mayBeSignedIn(): boolean {
  return localStorage.getItem(HINT) !== null;
}

/** Notes that somebody is signed in, whose changes show their token. */
export function rememberMe(me: Me): void {
  setCsrfToken(me.csrfToken);
  localStorage.setItem(HINT, "yes");
}

/** Notes that nobody is signed in. */
export function forgetMe(): void {
  setCsrfToken(undefined);
  localStorage.removeItem(HINT);
}

/** Tells when another tab notes that somebody is signed in. Gives what ends that. */
export function onSignedInElsewhere(tell: () => void): () => void {
  const listen = ({ key, newValue }: StorageEvent) => {
    if (key === HINT && newValue !== null) tell();
  };
  window.addEventListener("storage", listen);
  return () => window.removeEventListener("storage", listen);
}
