// A shop's server for the tests: the package's files, and between page and NEST-Haus a proxy that takes
// notes and can be told to answer in the server's place.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const FILES = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
/** What `nest-haus serve` sends with pages. */
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'";
const HOP_HEADERS = ["connection", "keep-alive", "transfer-encoding", "content-encoding"];

/** Serves the package, and a NEST-Haus behind it, until `stop` is called. */
export async function startShop(system, folders = { "/": FILES }) {
  const shop = new Shop(system, folders);
  await shop.start();
  return shop;
}

class Shop {
  /** Requests to NEST-Haus: path, body, and the status that the page got. */
  requests = [];
  /** Answers in NEST-Haus's place: takes a request, gives an answer or nothing. */
  interfere = () => undefined;
  /** Addresses of files that are not there. */
  missing = [];

  constructor(system, folders) {
    this.system = system;
    this.folders = folders;
    this.server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async start() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.base = `http://localhost:${this.server.address().port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What pages sent about events to NEST-Haus. */
  sent() {
    return this.requests.filter(({ path }) => path.startsWith("/api/"));
  }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.base);
    if (pathname.startsWith("/api/")) await this.#pass(request, response);
    else await this.#file(pathname, response);
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const note = {
      path: request.url,
      body: body ? JSON.parse(body) : null,
      headers: request.headers,
    };
    this.requests.push(note);
    const instead = await this.interfere(note);
    const answer = instead ?? (await this.#forward(request, body));
    note.status = answer.status;
    note.answer = answer.body;
    response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? "");
  }

  async #forward(request, body) {
    const { host, connection, "content-length": _, ...headers } = request.headers;
    const init = { method: request.method, headers, redirect: "manual" };
    if (body) init.body = body;
    const answer = await fetch(this.system.base + request.url, init);
    const kept = [...answer.headers].filter(([name]) => !HOP_HEADERS.includes(name));
    return { status: answer.status, headers: Object.fromEntries(kept), body: await answer.text() };
  }

  async #file(pathname, response) {
    const prefix = Object.keys(this.folders)
      .sort((a, b) => b.length - a.length)
      .find((each) => pathname.startsWith(each));
    const file = join(this.folders[prefix], normalize(pathname.slice(prefix.length)));
    const isMissing = this.missing.some((each) => pathname.startsWith(each));
    const content = isMissing ? null : await readFile(file).catch(() => null);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const headers = { "content-type": type, "content-security-policy": POLICY };
    response.writeHead(content ? 200 : 404, headers).end(content ?? "");
  }
}
