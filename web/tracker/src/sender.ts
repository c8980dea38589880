// Sends what waits in the queue: one tab at a time, again after failures, never sooner than the server
// asks for, and at once when the page goes away. Closures instead of classes keep the core small.

import {
  BODY_BYTES_MAX,
  backoffMs,
  bytesOf,
  firstBatch,
  requestBody,
  retryAfterMs,
  settles,
  verdictOf,
} from "./batches";
import { moment, PATH, type QueuedEvent, type Sampling } from "./events";
import { createQueue, QUEUED_MAX } from "./queue";
import { countDropped, reportOf, streamOf } from "./visitor";

const LOCK = "nest-haus.send";
const EVENTS_FULL = 20;
const DELAY_MS = 5000;
const ANSWER_MS_MAX = 30_000;
const OTHERS_AFTER_MS = 60_000;

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
  /** The server's address, without a slash at its end. */
  endpoint: string;
  /** This page load. */
  page: string;
  /** The visitor's own id, if there is one. */
  visitorId(): string | undefined;
  /** Hands what the server says to this tab's sender and to those of the others. */
  tell(news: News): void;
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
  leave(): void;
  /** Stops for good. */
  close(): void;
}

/** A sender of the events that wait in a database. */
export function createSender(database: Promise<IDBDatabase>, around: Surroundings): Sender {
  const queue = createQueue(database, giveUp);
  /** This page's events of which it is not known what became. */
  const own = new Map<string, QueuedEvent>();
  /** Those of them that are in the queue for sure. */
  const durable = new Set<string>();
  /** Events under way, with their bytes. */
  const inFlight = new Map<string, number>();
  let added: QueuedEvent[] = [];
  let written: Promise<unknown> = Promise.resolve();
  let running: Promise<boolean> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let retryAt = 0;
  let wantedAt = 0;
  let eventsMax = Number.POSITIVE_INFINITY;
  let isClosed = false;

  const waitMs = () => Math.max(retryAt, wantedAt) - performance.now();
  const idle = (events: Iterable<QueuedEvent>) =>
    [...events].filter(({ eventId }) => !inFlight.has(eventId));

  function forget(eventIds: readonly string[]): void {
    for (const eventId of eventIds) {
      own.delete(eventId);
      durable.delete(eventId);
    }
  }

  function giveUp(events: readonly QueuedEvent[]): void {
    countDropped(events, "overflow");
    forget(events.map(({ eventId }) => eventId));
  }

  function write(): Promise<unknown> {
    if (added.length > 0) {
      written = Promise.all([written, store(added).catch(limitMemory)]);
      added = [];
    }
    return written;
  }

  async function store(events: readonly QueuedEvent[]): Promise<void> {
    await queue.add(events);
    for (const { eventId } of events) durable.add(eventId);
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
      void flush();
    }, ms);
  }

  function flush(): Promise<boolean> {
    running ??= locked()
      .catch(() => false)
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  async function locked(): Promise<boolean> {
    const { locks } = navigator;
    if (!locks) return drain(true);
    return locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) return drain(false);
      later(DELAY_MS);
      return false;
    });
  }

  async function drain(ownOnly: boolean): Promise<boolean> {
    for (;;) {
      await write();
      const batch = await next(ownOnly);
      if (isClosed) return false;
      if (inFlight.size > 0 || (batch[0] && waitMs() > 0)) {
        later(Math.max(waitMs(), 0) || DELAY_MS);
        return false;
      }
      if (!batch[0]) return true;
      await send(batch);
    }
  }

  async function next(ownOnly: boolean): Promise<QueuedEvent[]> {
    const stored = await queue.oldest().catch(() => []);
    const ids = new Set(stored.map(({ eventId }) => eventId));
    const isMine = ({ eventId, clientTs }: QueuedEvent) =>
      !ownOnly || own.has(eventId) || Date.now() - clientTs > OTHERS_AFTER_MS;
    const unstored = [...own.values()].filter(({ eventId }) => !ids.has(eventId));
    return firstBatch([...stored.filter(isMine), ...unstored], eventsMax, BODY_BYTES_MAX);
  }

  async function send(batch: readonly QueuedEvent[]): Promise<void> {
    for (const event of batch) inFlight.set(event.eventId, bytesOf(event));
    try {
      await take(batch, await post(batch));
    } catch {
      retryAt = performance.now() + backoffMs(failures, Math.random());
      failures += 1;
      later(waitMs());
    } finally {
      for (const { eventId } of batch) inFlight.delete(eventId);
    }
  }

  function post(batch: readonly QueuedEvent[]): Promise<Response> {
    const [head] = batch;
    const isAlike = (event: QueuedEvent) => head && streamOf(event) === streamOf(head);
    const report = reportOf([...batch, ...[...own.values()].filter(isAlike)]);
    // A text is sent as `text/plain`, which asks no other origin for permission first; no cookie is
    // sent nor taken.
    return fetch(`${around.endpoint}/api/${head?.path}`, {
      method: "POST",
      body: requestBody(batch, moment(), around.page, { ...report, visitorId: around.visitorId() }),
      credentials: "omit",
      keepalive: sum(batch.map(bytesOf)) <= BODY_BYTES_MAX,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
  }

  /** Does what an answer says. Throws where it says nothing about the events. */
  async function take(batch: readonly QueuedEvent[], answer: Response): Promise<void> {
    const { status } = answer;
    const forMs = retryAfterMs(answer.headers.get("retry-after"), Date.now());
    const verdict = verdictOf(status, batch.length);
    if (verdict === "split") {
      eventsMax = Math.ceil(batch.length / 2);
      return;
    }
    if (verdict === "retry") {
      if (forMs) around.tell({ waitMs: forMs });
      throw status;
    }
    const isRefused = verdict === "refused";
    const shares = isRefused ? {} : settles(await answer.json(), batch.length);
    if (isRefused) countDropped(batch, `http_${status}`);
    await queue.remove(batch).catch(() => {});
    const settled = batch.map(({ eventId }) => eventId);
    around.tell({ settled, sampling: { shares, forMs: forMs || undefined } });
    failures = 0;
    eventsMax = Number.POSITIVE_INFINITY;
  }

  later(0);
  return {
    add(event) {
      own.set(event.eventId, event);
      if (added.push(event) === 1) setTimeout(write);
      later(DELAY_MS);
      if (own.size >= EVENTS_FULL && waitMs() <= 0) void flush();
    },
    hear({ settled = [], waitMs: ms = 0 }) {
      forget(settled);
      wantedAt = Math.max(wantedAt, performance.now() + ms);
    },
    flush,
    resume() {
      retryAt = 0;
      void flush();
    },
    leave() {
      void write();
      let bytesLeft = BODY_BYTES_MAX - sum([...inFlight.values()]);
      // What is safe waits until consent has been taken.
      const isWaiting = [...own.values()].some(isConsent);
      const mayGo = (event: QueuedEvent) =>
        !isWaiting || isConsent(event) || !durable.has(event.eventId);
      for (;;) {
        const batch = firstBatch(idle(own.values()).filter(mayGo), eventsMax, bytesLeft);
        bytesLeft -= sum(batch.map(bytesOf));
        if (!batch[0] || bytesLeft < 0 || waitMs() > 0) return;
        void send(batch);
      }
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      own.clear();
      added = [];
      queue.close();
    },
  };
}

function isConsent({ path }: QueuedEvent): boolean {
  return path === PATH.consent;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
