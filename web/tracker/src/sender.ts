// Sends what waits in the queue: one tab at a time, again after failures, never sooner than the server
// asks for, and at once when the page goes away. Closures instead of classes keep the core small.

import {
  BATCH_EVENTS_MAX,
  BODY_BYTES_MAX,
  backoffMs,
  bytesOf,
  firstBatch,
  requestBody,
  retryAfterMs,
  settles,
  VERDICT,
  verdictOf,
} from "./batches";
import { moment, PATH, type QueuedEvent, type Sampling } from "./events";
import { createQueue, QUEUED_MAX, READ_MAX } from "./queue";
import { countDropped, keep, knownVisitor, reportOf, spill, takeSpilled } from "./visitor";

const LOCK = "nest-haus";
const EVENTS_FULL = 20;
const DELAY_MS = 5000;
const ANSWER_MS_MAX = 10_000;
const WRITE_MS = 500;
const PATIENCE_MS_MAX = 3_600_000;

/** What one tab lets the others know. */
export interface News {
  /** Events of which it is known what became. */
  settled?: readonly string[];
  /** The server wants nothing for some milliseconds. */
  waitMs?: number;
  sampling?: Sampling;
}

/** What a sender needs to know of its page. */
export interface Surroundings {
  /** Any address of the server. */
  endpoint: string;
  /** This page load. */
  page: string;
  /** The visitor's own id, if there is one. */
  visitorId(): string | undefined;
  /** Hands what the server says to this tab, and to the others if it concerns them. */
  tell(news: News, isForAll: unknown): void;
}

/** Sends events. */
export interface Sender {
  /** Keeps an event and sends it soon. */
  add(event: QueuedEvent): void;
  /** Takes what the server let this tab or another one know. */
  hear(news: News): void;
  /** Sends everything that waits. True if nothing is left. */
  flush(): Promise<boolean>;
  /** Tries again at once, if the server did not ask for patience. */
  resume(): void;
  /** Sends this page's events while it goes away; they stay in the queue until there is an answer. */
  leave(isGone: boolean): void;
  /** Stops for good. */
  close(): void;
}

/** A sender of the events that wait in a database. */
export function createSender(database: Promise<IDBDatabase>, around: Surroundings): Sender {
  const queue = createQueue(database, giveUp);
  /** This page's events of which it is not known what became. */
  const own = new Map<string, QueuedEvent>();
  /** Those of them that are in the queue for sure. */
  const durable = new WeakSet<QueuedEvent>();
  /** Events under way. */
  const inFlight = new Set<QueuedEvent>();
  let added: QueuedEvent[] = [];
  let written: Promise<unknown> = Promise.resolve();
  let writtenAt = 0;
  let running: Promise<boolean> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let retryAt = 0;
  let wantedAt = performance.now() + patienceMs();
  let eventsMax = BATCH_EVENTS_MAX;
  let isClosed = false;

  const waitMs = () => Math.max(retryAt, wantedAt) - performance.now();

  function forget(eventIds: readonly string[]): void {
    for (const eventId of eventIds) own.delete(eventId);
    // What is settled before it is written never has to be.
    added = added.filter(({ eventId }) => own.has(eventId));
  }

  function giveUp(events: readonly QueuedEvent[]): void {
    countDropped(events, "overflow");
    forget(events.map(({ eventId }) => eventId));
  }

  function write(): Promise<unknown> {
    if (added.length > 0) {
      written = Promise.all([written, store(added).catch(limitMemory)]);
      added = [];
      writtenAt = performance.now();
    }
    return written;
  }

  async function store(events: readonly QueuedEvent[]): Promise<void> {
    await queue.add(events);
    for (const event of events) durable.add(event);
  }

  /** Without a database memory has to do. */
  function limitMemory(): void {
    const byPriority = [...own.values()].sort((a, b) => b.priority - a.priority);
    giveUp(byPriority.slice(QUEUED_MAX));
  }

  function later(ms: number): void {
    if (isClosed) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void run(true);
    }, ms);
  }

  /** Sends what waits, unless that is under way: all of it, or this page's alone. */
  function run(isDeep: boolean): Promise<boolean> {
    running ??= locked(isDeep)
      .catch(() => false)
      .finally(() => {
        running = undefined;
        if (waitMs() > 0) later(waitMs());
        else if (own.size > 0) later(DELAY_MS);
      });
    return running;
  }

  async function locked(isDeep: boolean): Promise<boolean> {
    const { locks } = navigator;
    // Without HTTPS there are no locks: two tabs may send the same event then, which is stored once.
    if (!locks) return drain(isDeep);
    return locks.request(LOCK, { ifAvailable: true }, (lock) => lock !== null && drain(isDeep));
  }

  async function drain(isDeep: boolean): Promise<boolean> {
    if (isDeep) await write();
    const stored = (isDeep && (await queue.oldest().catch(() => {}))) || [];
    const settled: QueuedEvent[] = [];
    let left = [...stored.filter(({ eventId }) => !own.has(eventId)), ...own.values()];
    while (left.length > 0 && !isClosed && waitMs() <= 0 && inFlight.size === 0) {
      const batch = firstBatch(left, eventsMax, BODY_BYTES_MAX);
      if (!(await send(batch))) continue;
      settled.push(...batch);
      left = left.filter((event) => !batch.includes(event));
    }
    await remove(settled);
    if (left.length > 0) return false;
    return stored.length < READ_MAX || drain(isDeep);
  }

  async function remove(settled: readonly QueuedEvent[]): Promise<void> {
    if (settled.length > 0) await queue.remove(settled).catch(() => {});
  }

  /** Sends events; true if it is known what became of them. */
  async function send(batch: readonly QueuedEvent[]): Promise<boolean> {
    for (const event of batch) inFlight.add(event);
    try {
      return await take(batch, await post(batch));
    } catch {
      retryAt = performance.now() + backoffMs(failures, Math.random());
      failures += 1;
      return false;
    } finally {
      for (const event of batch) inFlight.delete(event);
    }
  }

  function post(batch: readonly QueuedEvent[]): Promise<Response> {
    const report = reportOf([...batch, ...own.values()]);
    // A text is sent as `text/plain`, which asks no other origin for permission first; no cookie is
    // sent nor taken.
    return fetch(new URL(`/api/${batch[0]?.path}`, around.endpoint), {
      method: "POST",
      body: requestBody(batch, moment(), around.page, { ...report, visitorId: around.visitorId() }),
      credentials: "omit",
      keepalive: sizeOf(batch) <= BODY_BYTES_MAX,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  }

  /** Does what an answer says; true if that settles the events. Throws where it says nothing about the events. */
  async function take(batch: readonly QueuedEvent[], answer: Response): Promise<boolean> {
    const { status } = answer;
    const forMs = retryAfterMs(answer.headers.get("retry-after"), Date.now());
    const verdict = verdictOf(status, batch.length);
    if (verdict === VERDICT.split) {
      eventsMax = Math.ceil(batch.length / 2);
      return false;
    }
    if (verdict === VERDICT.retry) {
      if (forMs) {
        keep({ notBefore: Date.now() + forMs });
        around.tell({ waitMs: forMs }, true);
      }
      throw status;
    }
    const isRefused = verdict === VERDICT.refused;
    const shares = isRefused ? {} : settles(await answer.json(), batch.length);
    if (isRefused) countDropped(batch, `http_${status}`);
    const settled = batch.map(({ eventId }) => eventId);
    const others = settled.filter((eventId) => !own.has(eventId));
    forget(settled);
    const sampling = { shares, forMs: forMs || undefined };
    around.tell({ settled: others, sampling }, others[0] || forMs);
    failures = 0;
    eventsMax = BATCH_EVENTS_MAX;
    return true;
  }

  function add(event: QueuedEvent): void {
    own.set(event.eventId, event);
    // A burst is written together, what comes alone at once.
    if (added.push(event) === 1) setTimeout(write, writtenAt + WRITE_MS - performance.now());
    later(DELAY_MS);
    if (own.size >= EVENTS_FULL && waitMs() <= 0) void run(false);
  }

  later(0);
  takeSpilled().forEach(add);
  return {
    add,
    hear({ settled = [], waitMs: ms = 0 }) {
      forget(settled);
      wantedAt = Math.max(wantedAt, performance.now() + ms);
    },
    async flush() {
      await running;
      return run(true);
    },
    resume() {
      retryAt = 0;
      void run(true);
    },
    leave(isGone) {
      void write();
      const waiting = [...own.values()];
      if (isGone) spill(waiting.filter((event) => !durable.has(event)));
      // Consent has to be taken before what depends on it.
      const consents = waiting.filter(({ path }) => path === PATH.consent);
      const first = consents[0] ? consents : waiting;
      for (;;) {
        const bytesLeft = BODY_BYTES_MAX - sizeOf(inFlight);
        const idle = first.filter((event) => !inFlight.has(event));
        const batch = firstBatch(idle, eventsMax, bytesLeft);
        if (!batch[0] || sizeOf(batch) > bytesLeft || waitMs() > 0) return;
        void send(batch).then((isSettled) => (isSettled ? remove(batch) : undefined));
      }
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      own.clear();
      added = [];
    },
  };
}

/** How long an earlier page was asked to wait, as far as the clock can be believed. */
function patienceMs(): number {
  const { notBefore = 0 } = knownVisitor() ?? {};
  return Math.min(notBefore - Date.now(), PATIENCE_MS_MAX);
}

function sizeOf(events: Iterable<QueuedEvent>): number {
  return [...events].reduce((bytes, event) => bytes + bytesOf(event), 0);
}
