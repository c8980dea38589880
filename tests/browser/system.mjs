// The running system that the tests look at: `nest-haus serve` with static files, the page's if not told otherwise.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createDatabase } from "./database.mjs";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = fileURLToPath(new URL("page", import.meta.url));
export const PROGRAM = resolve(REPOSITORY, process.env.NEST_HAUS_BIN ?? "target/debug/nest-haus");
const START_MS_MAX = 15_000;
const DRAIN_TRIES_MAX = 100;
const OUTPUT_BYTES_MAX = 50_000_000;

/** Migrates a database of its own, and serves a folder until `stop` is called. */
export async function startOwnSystem({ files = PAGE } = {}) {
  const database = await createDatabase();
  try {
    const system = await startSystem({ files, settings: database.settings });
    system.drop = database.drop;
    return system;
  } catch (error) {
    await database.drop();
    throw error;
  }
}

/** Migrates, and serves a folder until `stop` is called. `settings` are variables of the environment. */
export async function startSystem({ files = PAGE, settings = {} } = {}) {
  const env = environment(settings);
  await nestHaus(settings, ["migrate"]);
  const makeKey = ["admin", "api-key", "--name", "browser", "--scopes", "analytics:read"];
  const made = await nestHaus(settings, makeKey);
  const base = `http://127.0.0.1:${await freePort()}`;
  const listen = new URL(base).host;
  const options = ["serve", "--listen", listen, "--public", files, "--no-cron"];
  const child = spawn(PROGRAM, options, { cwd: REPOSITORY, env, stdio: "inherit" });
  const system = new System(base, child, JSON.parse(made).key);
  try {
    await system.waitUntilReady();
  } catch (error) {
    await system.stop();
    throw error;
  }
  return system;
}

/** Runs the program to its end, and gives what it printed. */
export async function nestHaus(settings, words, input = "") {
  const options = { cwd: REPOSITORY, env: environment(settings), maxBuffer: OUTPUT_BYTES_MAX };
  const running = promisify(execFile)(PROGRAM, words, options);
  // A program that reads nothing may end before this does.
  running.child.stdin.on("error", () => {}).end(input);
  return (await running).stdout;
}

/** What the program gets to know; above all no CRON_SECRET of this machine. */
function environment(settings) {
  const { PATH, DATABASE_URL, REDIS_URL } = process.env;
  assert.ok(DATABASE_URL && REDIS_URL, "DATABASE_URL and REDIS_URL: use scripts/services run");
  return { PATH, DATABASE_URL, REDIS_URL, NEST_HAUS_ENV: "local", RUST_LOG: "error", ...settings };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

class System {
  constructor(base, child, key) {
    this.base = base;
    this.child = child;
    this.key = key;
    /** Removes the system's own database, if it has one. */
    this.drop = async () => {};
  }

  async waitUntilReady() {
    for (const end = Date.now() + START_MS_MAX; Date.now() < end; await wait(50)) {
      assert.equal(this.child.exitCode, null, "nest-haus ended by itself");
      const answer = await fetch(`${this.base}/api/health`).catch(() => null);
      if (answer?.ok) return;
    }
    assert.fail("nest-haus did not start");
  }

  async stop() {
    if (this.child.exitCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill();
      await ended;
    }
    await this.drop();
  }

  /** Reads as an administrator, or as cron: without any session's cookie. */
  async get(path) {
    const headers = { authorization: `Bearer ${this.key}` };
    const answer = await fetch(this.base + path, { headers });
    return { status: answer.status, body: await answer.json() };
  }

  /** Stores everything that waits in the queue. */
  async drain() {
    for (const job of ["sync-interactions", "sync-configurations"]) await this.runJob(job);
  }

  async runJob(job) {
    for (let tries = 0; tries < DRAIN_TRIES_MAX; tries += 1) {
      const { status, body } = await this.get(`/api/cron/${job}`);
      assert.equal(status, 200, JSON.stringify(body));
      if (body.report.complete) return;
      await wait(100);
    }
    assert.fail(`${job} never came to its end`);
  }

  /** What became of all events, and of those of one session. */
  async ledger(sessionId) {
    const query = new URLSearchParams({ sessionId });
    const { status, body } = await this.get(`/api/admin/analytics/data-quality?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
}
