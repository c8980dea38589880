// Whether refusals become problems and changes are signed.

import { expect, test } from "vitest";
import { createApi, Problem } from ".";

const DOCUMENT = {
  type: "urn:nest-haus:problem:invalid_fields",
  title: "Unprocessable Entity",
  status: 422,
  detail: "fields of the request are invalid",
  code: "invalid_fields",
  errors: [{ field: "email", code: "invalid", message: "must be an e-mail address" }],
  requestId: "0190",
  success: false,
  error: "fields of the request are invalid",
};

function answering(make: (request: Request) => Response) {
  const requests: Request[] = [];
  const api = createApi({
    baseUrl: "http://localhost",
    csrfToken: () => "token",
    fetch: async (request) => {
      requests.push(request);
      return make(request);
    },
  });
  return { api, requests };
}

function problem(status: number, document: unknown): Response {
  const headers = { "content-type": "application/problem+json", "retry-after": "7" };
  return new Response(JSON.stringify(document), { status, headers });
}

test("a refusal is thrown with its fields, its request and when to try again", async () => {
  const { api } = answering(() => problem(422, DOCUMENT));
  const refused = api.POST("/api/admin/auth/forgot-password", { body: { email: "x" } });
  await expect(refused).rejects.toBeInstanceOf(Problem);
  await expect(refused).rejects.toMatchObject({
    status: 422,
    code: "invalid_fields",
    errors: DOCUMENT.errors,
    requestId: "0190",
    retryAfterS: 7,
  });
});

test("a proxy's page is a problem too", async () => {
  const { api } = answering(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await expect(api.GET("/api/admin/users")).rejects.toMatchObject({
    status: 502,
    code: "http_502",
  });
});

test("no answer is a problem without a request id", async () => {
  const { api } = answering(() => {
    throw new TypeError("Failed to fetch");
  });
  await expect(api.GET("/api/admin/users")).rejects.toMatchObject({
    status: 0,
    code: "unreachable",
    requestId: undefined,
  });
});

test("changes show the CSRF token, reading does not", async () => {
  const { api, requests } = answering(() => Response.json([]));
  await api.GET("/api/admin/users");
  await api.POST("/api/admin/auth/logout");
  expect(requests.map((request) => request.headers.get("x-csrf-token"))).toEqual([null, "token"]);
});
