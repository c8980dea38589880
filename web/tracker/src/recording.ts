// What becomes of an event between the page and the sender: it waits for the visitor's choice, joins a
// session and gets its number. Without consent nothing is stored and nothing is sent.

import {
  type Draft,
  type Moment,
  moment,
  PATH,
  priorityOf,
  type QueuedEvent,
  type Sampling,
} from "./events";
import { uuidV7 } from "./ids";
import { deleteDatabase, openDatabase, QUEUED_MAX } from "./queue";
import { createSender, type News, type Sender } from "./sender";
import { goesOn, leaveTab, nextSeq, type Session, type Tab, takeTab } from "./session";
import {
  agree,
  type Choice,
  consentBody,
  countDropped,
  isRefusedBySignal,
  keep,
  knownVisitor,
  remember,
  type Visitor,
} from "./visitor";

const CHANNEL = "nest-haus";
const SECOND_MS = 1000;

/** What the visitor's choice allows at present. */
export type ConsentState = "unset" | "granted" | "denied";

/** What tabs tell one another. */
interface Message extends News {
  consent?: ConsentState;
  /** The visitor who agreed. */
  visitor?: Visitor | undefined;
}

/** How events are recorded. */
export interface RecordingOptions {
  /** The server's address, as `https://api.example.com`; the page's own server if left out. */
  endpoint?: string;
  /** The choice that the page's own consent dialogue knows; the one of an earlier visit if left out. */
  consent?: Choice;
  /** Whether Global Privacy Control and Do Not Track count as a refusal; true if left out. */
  respectSignals?: boolean;
  /** Whether another campaign begins another session; true if left out. */
  campaignSessions?: boolean;
}

/** Records the events of this page. */
export interface Recording {
  /** What the visitor's choice allows. */
  state(): ConsentState;
  /** Takes the visitor's choice. */
  choose(choice: Choice): void;
  /** Records an event, or lets it wait for the visitor's choice. */
  record(draft: Draft): void;
  /** Keeps the session alive. */
  touch(): void;
  /** Sends what waits; true if nothing is left. */
  flush(): Promise<boolean>;
  /** The page is hidden, or goes away for good or for a time. */
  leave(isGone: boolean): void;
  /** The page is back from the browser's cache, or the network is. */
  resume(): void;
}

/** Begins to record; calls back when the visitor refuses. */
export function createRecording(options: RecordingOptions, onDenied: () => void): Recording {
  const page = uuidV7();
  const isRefused = options.respectSignals !== false && isRefusedBySignal();
  const channel = new BroadcastChannel(CHANNEL);
  let state: ConsentState = "unset";
  let tab: Tab | undefined;
  let isGone = false;
  /** Events before the visitor's choice. */
  let buffer: Draft[] = [];
  /** A page visit by another campaign, until it shows whether the visitor goes on from there. */
  let held: Draft | undefined;
  let sender: Sender | undefined;
  let shares: Sampling["shares"] = {};
  let sharesUntil = 0;
  /** The last activity on this page, which is written down once a second. */
  let activeAt = 0;

  function choose(choice: Choice): void {
    if (choice.analytics && !isRefused) grant(choice);
    else deny(choice);
  }

  function grant(choice: Choice): void {
    const before = knownVisitor();
    agree(choice);
    if (state !== "granted") {
      state = "granted";
      sender = newSender(openDatabase());
    }
    if (before?.session && JSON.stringify(before.choice) !== JSON.stringify(choice)) {
      tellConsent(before.session, moment());
    }
    buffer.forEach(accept);
    buffer = [];
    // Not at every page: a message takes the page before out of the browser's cache.
    if (!before) say({ consent: state, visitor: knownVisitor() });
    void flush();
  }

  function deny(choice: Choice): void {
    const session = knownVisitor()?.session;
    discard();
    say({ consent: state });
    if (!session) return;
    // Out of memory alone, and without a number: what was discarded is not spoken of.
    sender = newSender(Promise.reject());
    sender.add(toEvent(consentDraft({ ...choice, analytics: false }, moment()), session, uuidV7()));
    void flush();
  }

  function discard(): void {
    state = "denied";
    buffer = [];
    sender?.close();
    sender = held = tab = undefined;
    remember(undefined);
    leaveTab(undefined);
    deleteDatabase();
    onDenied();
  }

  function newSender(database: Promise<IDBDatabase>): Sender {
    const made = createSender(database, {
      endpoint: options.endpoint || location.href,
      page,
      visitorId: () => knownVisitor()?.id,
      tell(news, isForAll) {
        made.hear(news);
        sample(news);
        // Saying costs more than recording an event.
        if (isForAll) say(news);
      },
    });
    return made;
  }

  function say(message: Message): void {
    channel.postMessage(message);
  }

  function hear(message: Message): void {
    sender?.hear(message);
    sample(message);
    if (message.consent === "denied" && state === "granted") discard();
    const { visitor } = message;
    if (!visitor || state !== "unset") return;
    // Another process may not see yet what was stored, or only the first half of it.
    remember({ ...visitor, ...knownVisitor() });
    choose(visitor.choice);
  }

  function sample({ sampling }: News): void {
    if (!sampling) return;
    shares = sampling.shares;
    sharesUntil = performance.now() + (sampling.forMs ?? Infinity);
  }

  /** The share of events of a kind that the server wants. */
  function share({ kind }: Draft): number {
    return (kind && performance.now() < sharesUntil ? shares[kind] : undefined) ?? 1;
  }

  /** Lets an event join its session, unless it has to show first which one that is. */
  function accept(draft: Draft): void {
    if (held && draft.activity) {
      const first = held;
      held = undefined;
      push(first, start(first));
    }
    const { campaign, clientTs } = draft;
    const session = campaign && options.campaignSessions !== false && knownVisitor()?.session;
    if (session && session.campaign !== campaign && isOpen(session, clientTs)) held = draft;
    else join(draft);
  }

  function join(draft: Draft): void {
    const visitor = knownVisitor();
    const session = visitor?.session;
    if (!visitor) discard();
    else if (session && (!draft.activity || isOpen(session, draft.clientTs))) {
      if (draft.activity) goOn(session, draft.clientTs);
      push(draft, session);
    } else {
      push(draft, start(draft));
    }
  }

  function isOpen(session: Session, at: number): boolean {
    return goesOn({ ...session, lastAt: Math.max(session.lastAt, activeAt) }, at);
  }

  /** Keeps the session alive; writes that down once a second. */
  function goOn(session: Session, lastAt: number): void {
    activeAt = lastAt;
    if (Math.abs(lastAt - session.lastAt) > SECOND_MS) keep({ session: { ...session, lastAt } });
  }

  /** Begins a session by an event, and tells the visitor's consent as the first thing in it. */
  function start(first: Draft): Session {
    const { clientTs, campaign } = first;
    const session = { id: uuidV7(), startedAt: clientTs, lastAt: clientTs, campaign };
    keep({ session });
    tellConsent(session, first);
    return session;
  }

  function tellConsent(session: Session, at: Moment): void {
    const choice = knownVisitor()?.choice;
    if (choice) push(consentDraft(choice, at), session);
    void flush();
  }

  function push(draft: Draft, known: Session): void {
    tab ??= takeTab();
    const event = { ...toEvent(draft, known, tab.id), seq: nextSeq(tab, known.id) };
    if (isGone) leaveTab(tab);
    if (Math.random() < share(draft)) sender?.add(event);
    else countDropped([event], "sampled");
  }

  function toEvent(draft: Draft, { id }: Session, tabId: string): QueuedEvent {
    const { kind, activity, campaign, ...told } = draft;
    const priority = priorityOf(kind);
    return { ...told, eventId: uuidV7(), sessionId: id, tabId, page, priority };
  }

  async function flush(): Promise<boolean> {
    return sender ? sender.flush() : buffer.length === 0;
  }

  channel.onmessage = ({ data }: MessageEvent<Message>) => hear(data);
  const first = options.consent ?? knownVisitor()?.choice;
  if (first || isRefused) choose(first ?? { analytics: false });

  return {
    state: () => state,
    choose,
    record(draft) {
      if (state === "granted") accept(draft);
      if (state === "unset" && buffer.push(draft) > QUEUED_MAX) buffer.shift();
    },
    touch() {
      const session = knownVisitor()?.session;
      const now = Date.now();
      if (session && isOpen(session, now)) goOn(session, now);
    },
    flush,
    leave(goes) {
      if (held) join({ ...held, campaign: undefined });
      held = undefined;
      isGone ||= goes;
      if (isGone && tab) leaveTab(tab);
      sender?.leave(isGone);
    },
    resume() {
      if (isGone) tab = undefined;
      isGone = false;
      sender?.resume();
    },
  };
}

function consentDraft(choice: Choice, { clientTs, steady }: Moment): Draft {
  const body = JSON.stringify(consentBody(choice));
  return { clientTs, steady, path: PATH.consent, body, activity: true };
}
