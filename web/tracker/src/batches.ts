// What goes into a request, and what its answer means: rules without side effects.

import {
  type Moment,
  PATH,
  type Path,
  type QueuedEvent,
  type Sampling,
  type SequenceReport,
} from "./events";
import { streamOf } from "./visitor";

/** A request that outlives its page may carry 64 kB; some of it is left to headers. */
export const BODY_BYTES_MAX = 60_000;

/** More events the server takes in no request. */
export const BATCH_EVENTS_MAX = 100;

/** The lists that endpoints take events in; the others take one at a time. */
const LISTS: Partial<Record<Path, string>> = {
  [PATH.interactions]: "events",
  [PATH.metrics]: "metrics",
};
const ENVELOPE_BYTES = 600;
const EVENT_BYTES = 200;
const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 6 * 60_000;

/** What to do with the events of a request. */
export const VERDICT = { settled: 0, split: 1, refused: 2, retry: 3 } as const;

/** One of them. */
export type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** What the server answers, as far as it is read. */
export interface Answer {
  accepted?: number;
  duplicate?: number;
  rejected?: readonly unknown[];
  sampling?: Sampling["shares"];
  /** What is wrong with every event, where the request was refused. */
  errors?: readonly unknown[];
}

/** Events that may go into one request: the first ones of one endpoint, session and tab. */
export function firstBatch(
  events: readonly QueuedEvent[],
  eventsMax: number,
  bytesMax: number,
): QueuedEvent[] {
  const [head] = events;
  if (!head || !LISTS[head.path]) return events.slice(0, 1);
  const isAlike = (event: QueuedEvent) =>
    event.path === head.path && streamOf(event) === streamOf(head);
  let bytes = ENVELOPE_BYTES;
  return events
    .filter(isAlike)
    .slice(0, eventsMax)
    .filter((event, index) => {
      bytes += bytesOf(event);
      return index === 0 || bytes <= bytesMax;
    });
}

/** About how many bytes an event takes in a request. */
export function bytesOf(event: QueuedEvent): number {
  return new TextEncoder().encode(event.body).length + EVENT_BYTES;
}

/** The body of a request with events of one endpoint, session and tab. */
export function requestBody(
  events: readonly QueuedEvent[],
  now: Moment,
  page: string,
  about: SequenceReport & { visitorId: string | undefined },
): string {
  const items = events.map(({ eventId, seq, clientTs, steady, body, ...event }) => ({
    ...JSON.parse(body),
    eventId,
    seq,
    clientTs,
    ageMs: event.page === page ? now.steady - steady : undefined,
  }));
  const [head] = events;
  const list = head && LISTS[head.path];
  const { sessionId, tabId } = head ?? {};
  const content = list ? { [list]: items } : items[0];
  return JSON.stringify({ sessionId, tabId, sentAt: now.clientTs, ...about, ...content });
}

/** What an HTTP status means for the events that were sent. */
export function verdictOf(status: number, events: number): Verdict {
  if ((status >= 200 && status < 300) || status === 422) return VERDICT.settled;
  if (status === 413 && events > 1) return VERDICT.split;
  return [400, 401, 403, 410, 413].includes(status) ? VERDICT.refused : VERDICT.retry;
}

/**
 * What an answer says about the share of events that the server wants.
 *
 * @throws if the answer does not say of every event that it was accepted, repeated or rejected: then it is
 * not the server's, and the events have to stay.
 */
export function settles(answer: Answer, events: number): Sampling["shares"] {
  const { accepted = 0, duplicate = 0, rejected = [], sampling = {}, errors } = answer;
  if (!errors && accepted + duplicate + rejected.length < events) throw answer;
  return sampling;
}

/** How long to wait after some failures in a row: a random part of 1 s, 2 s, 4 s, ... up to 6 min. */
export function backoffMs(failures: number, random: number): number {
  return random * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures);
}

/** The milliseconds of a `Retry-After` header, in seconds or as a date; 0 if it says nothing. */
export function retryAfterMs(header: string | null, now: number): number {
  const ms = Number(header) * 1000 || Date.parse(header ?? "") - now;
  return Math.max(0, ms || 0);
}
