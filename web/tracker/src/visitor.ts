// The visitor who agreed to be analysed, and everything that the tracker keeps of them beside the queue.
// Who has not chosen, or refused, leaves no trace in the browser.

import type { QueuedEvent, SequenceReport } from "./events";
import { uuidV7 } from "./ids";
import type { Session } from "./session";
import { read, shared, write } from "./storage";

const STREAMS_MAX = 50;

declare global {
  interface Navigator {
    /** https://w3c.github.io/gpc */
    readonly globalPrivacyControl?: boolean;
  }
}

/** What a visitor allows. */
export interface Choice {
  /** To be analysed: without it nothing is stored or sent. */
  analytics: boolean;
  /** To be advertised to. */
  marketing?: boolean;
  /** To be given comfort functions. */
  functional?: boolean;
}

/** A visitor who agreed to be analysed. */
export interface Visitor {
  /** Random, of this browser alone. */
  id: string;
  choice: Choice;
  /** The session that all tabs share. */
  session?: Session;
  /** What was given up, by tab and session. */
  dropped?: Record<string, SequenceReport>;
  /** The server wants nothing before this time, in milliseconds since 1970. */
  notBefore?: number;
  /** Events of a page that was gone before its queue had them. */
  spilled?: readonly QueuedEvent[];
}

let unstored: Visitor | undefined;

/** Whether the browser says, by Global Privacy Control or Do Not Track, that its user wants no analysis. */
export function isRefusedBySignal(): boolean {
  return navigator.globalPrivacyControl || navigator.doNotTrack === "1";
}

/** The visitor, if they agreed. */
export function knownVisitor(): Visitor | undefined {
  return read(shared, unstored);
}

/** Keeps a visitor, or forgets everything. */
export function remember(visitor: Visitor | undefined): void {
  unstored = visitor;
  write(shared, visitor);
}

/** Keeps the visitor's choice. */
export function agree(choice: Choice): void {
  remember({ id: uuidV7(), ...knownVisitor(), choice });
}

/** Keeps what is new about the visitor, unless they refused meanwhile. */
export function keep(news: Partial<Visitor>): void {
  const visitor = knownVisitor();
  if (visitor) remember({ ...visitor, ...news });
}

/** Keeps events for the next page, which takes them into its queue. */
export function spill(events: readonly QueuedEvent[]): void {
  if (events[0]) keep({ spilled: [...takeSpilled(), ...events] });
}

/** Takes the events that an earlier page spilled. */
export function takeSpilled(): readonly QueuedEvent[] {
  const { spilled = [] } = knownVisitor() ?? {};
  if (spilled[0]) keep({ spilled: [] });
  return spilled;
}

/** The choice as `POST /api/sessions/update-consent` takes it. */
export function consentBody({ analytics, marketing, functional }: Choice): object {
  return {
    analyticsConsent: analytics,
    marketingConsent: !!marketing,
    functionalConsent: !!functional,
  };
}

/** The name of the tab and session that numbered an event. */
export function streamOf({ sessionId, tabId }: QueuedEvent): string {
  return `${sessionId} ${tabId}`;
}

/** What is said of the numbering of the first event's stream, by all events that are known. */
export function reportOf(events: readonly QueuedEvent[]): SequenceReport {
  const streams = events.map(streamOf);
  const { emitted = 0, droppedLocal } = knownVisitor()?.dropped?.[streams[0] ?? ""] ?? {};
  const seqs = events.map(({ seq = 0 }, index) => (streams[index] === streams[0] ? seq : 0));
  return { emitted: Math.max(emitted, ...seqs), droppedLocal };
}

/** Counts events that are given up. */
export function countDropped(events: readonly QueuedEvent[], reason: string): void {
  const dropped = knownVisitor()?.dropped ?? {};
  for (const event of events) {
    const stream = streamOf(event);
    const { emitted = 0, droppedLocal = {} } = dropped[stream] ?? {};
    dropped[stream] = {
      emitted: Math.max(emitted, event.seq ?? 0),
      droppedLocal: { ...droppedLocal, [reason]: (droppedLocal[reason] ?? 0) + 1 },
    };
  }
  keep({ dropped: Object.fromEntries(Object.entries(dropped).slice(-STREAMS_MAX)) });
}
