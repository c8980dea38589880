// A browser that is asked for measurements and nothing else. Test libraries let the browser report every
// request of a page, which its main thread has to do: many times what is measured.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ARGS = [
  "--headless",
  "--remote-debugging-pipe",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a browser with a new profile. */
export async function startBareBrowser() {
  const folder = await mkdtemp(join(tmpdir(), "nest-haus-bare-"));
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const args = [...ARGS, ...sandbox, `--user-data-dir=${folder}`, "about:blank"];
  const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
  return new BareBrowser(
    spawn(process.env.CHROMIUM ?? "/usr/bin/chromium", args, { stdio }),
    folder,
  );
}

class BareBrowser {
  #answers = new Map();
  #calls = 0;
  #rest = "";

  constructor(child, folder) {
    this.child = child;
    this.folder = folder;
    child.stdio[4].setEncoding("utf8").on("data", (text) => this.#read(text));
  }

  #read(text) {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop();
    for (const message of messages.map((each) => JSON.parse(each))) {
      const { resolve, reject } = this.#answers.get(message.id) ?? {};
      this.#answers.delete(message.id);
      if (message.error) reject?.(new Error(message.error.message));
      else resolve?.(message.result);
    }
  }

  #call(method, params = {}, sessionId = undefined) {
    this.#calls += 1;
    const id = this.#calls;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
  }

  /** Opens a page, of which only the main thread's work is watched. */
  async open(url) {
    const { targetId } = await this.#call("Target.createTarget", { url });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.#call("Target.attachToTarget", attach);
    const call = (method, params) => this.#call(method, params, sessionId);
    await call("Performance.enable", { timeDomain: "threadTicks" });
    return {
      /** Runs a function in the page, with an argument that is JSON. */
      async run(action, argument) {
        const expression = `(${action})(${JSON.stringify(argument)})`;
        const how = { expression, awaitPromise: true, returnByValue: true };
        const { result, exceptionDetails } = await call("Runtime.evaluate", how);
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
        return result.value;
      },
      /** The CPU time that the main thread has taken so far, in milliseconds. */
      async busyMs() {
        const { metrics } = await call("Performance.getMetrics");
        return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
      },
    };
  }

  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
