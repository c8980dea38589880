// The client: paths, parameters, bodies and answers have the types of the description.

import createFetch, { type Client, type Middleware } from "openapi-fetch";
import type { paths } from "./generated/schema";
import { problemOf, unreachable } from "./problem";

/** A client of the API. Every call returns `data`, or throws a `Problem`. */
export type Api = Client<paths>;

/** What a client needs. */
export interface ApiOptions {
  /** Where the API is: an origin. */
  baseUrl: string;
  /** The token that changes show, once somebody is signed in. */
  csrfToken: () => string | undefined;
  /** Sends requests; the browser's `fetch` if left out. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Makes a client that signs changes with the CSRF token and throws every refusal as a `Problem`. */
export function createApi(options: ApiOptions): Api {
  const client = createFetch<paths>({
    baseUrl: options.baseUrl,
    credentials: "same-origin",
    fetch: options.fetch ?? ((request) => fetch(request)),
  });
  client.use(signChanges(options.csrfToken), throwProblems);
  return client;
}

function signChanges(csrfToken: ApiOptions["csrfToken"]): Middleware {
  return {
    onRequest({ request }) {
      const token = csrfToken();
      if (request.method !== "GET" && token !== undefined) {
        request.headers.set("x-csrf-token", token);
      }
      return request;
    },
  };
}

const throwProblems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok && response.status !== 304) throw await problemOf(response);
  },
  onError({ error }) {
    // An aborted request is not a problem: whoever asked no longer wants to know.
    if (error instanceof Error && error.name === "AbortError") return error;
    return unreachable(error);
  },
};
