// What an event is, on its way from the page to the server: the forms that the endpoints take, the
// kinds by which the server asks for less, and what is given up first when the queue is full.

/** Endpoints, below the server's `/api/`. */
export const PATH = {
  interactions: "sessions/track-batch",
  metrics: "performance/track",
  change: "sessions/sync",
  save: "sessions/save-config",
  cart: "sessions/track-cart-add",
  leave: "sessions/finalize",
  userData: "sessions/update-user-data",
  consent: "sessions/update-consent",
} as const;

/** An endpoint that events are sent to. */
export type Path = (typeof PATH)[keyof typeof PATH];

/** What a visitor did, as `POST /api/sessions/track-batch` takes it. */
export interface Interaction {
  /** `click`, `selection`, `page_visit`, ... or any other text of up to 100 characters. */
  eventType: string;
  /** `navigation`, an option category, ... or any other text of up to 200 characters. */
  category: string;
  /** The element that was used. */
  elementId?: string | undefined;
  /** The value that was chosen. */
  selectionValue?: string | undefined;
  /** The value that was chosen before. */
  previousValue?: string | undefined;
  /** Milliseconds that were spent. */
  timeSpent?: number | undefined;
  /** The price that the visitor sees, in euros. */
  totalPrice?: number | undefined;
  /** The change of price that the visitor sees, in euros. */
  priceChange?: number | undefined;
  /** False for what is not the visitor's own doing at this moment: it keeps no session alive. */
  interactive?: boolean | undefined;
  /** Anything else. */
  additionalData?: Readonly<Record<string, unknown>> | undefined;
}

/** A measurement, as `POST /api/performance/track` takes it. */
export interface Metric {
  /** `LCP`, `INP`, `price_calc_time`, ... or any other text of up to 100 characters. */
  metricName: string;
  /** The value in the metric's own unit. */
  value: number;
  /** Anything else; reports with the same `id` replace one another. */
  additionalData?: Readonly<Record<string, unknown>>;
}

/** A moment by the wall clock (milliseconds since 1970) and by the page's steady clock. */
export interface Moment {
  clientTs: number;
  steady: number;
}

/** An event before it belongs to a session. */
export interface Draft extends Moment {
  path: Path;
  /** What the endpoint takes beside identity, order and times: a JSON object. */
  body: string;
  /** Whether it is the visitor's own doing, which keeps a session alive. */
  activity: boolean;
  /** The campaign that the visitor came by, on a page visit that names one. */
  campaign?: string | undefined;
  /** None for what the server always wants. */
  kind?: Kind | undefined;
}

/** An event in the queue. */
export interface QueuedEvent extends Moment {
  eventId: string;
  path: Path;
  sessionId: string;
  tabId: string;
  /** Place in the events of the tab in the session, from 1; none for what is told after withdrawal. */
  seq?: number;
  /** The page load whose steady clock `steady` is. */
  page: string;
  /** What is given up last has the greatest. */
  priority: number;
  /** What the endpoint takes beside identity, order and times: a JSON object. */
  body: string;
}

/** What a tab says about the numbering of its events in a session. */
export interface SequenceReport {
  /** Events numbered so far. */
  emitted: number;
  /** Events given up so far, by reason. */
  droppedLocal?: Record<string, number> | undefined;
}

/** The kinds of events that the server names in its `sampling`. */
export type Kind =
  | "hover"
  | "scroll"
  | "performance"
  | "other_interactions"
  | "clicks"
  | "page_visits"
  | "selections"
  | "configurations";

/** From what is given up first to what is given up last. */
const BY_PRIORITY: readonly Kind[] = [
  "hover",
  "scroll",
  "performance",
  "other_interactions",
  "clicks",
  "page_visits",
  "selections",
  "configurations",
];

/** The kind of an interaction, as the server tells it. */
export function kindOf(eventType: string): Kind {
  if (eventType === "hover") return eventType;
  if (eventType === "selection") return "selections";
  if (/^scroll(_depth)?$/.test(eventType)) return "scroll";
  if (/^page_(visit|view|exit)$/.test(eventType)) return "page_visits";
  return /click$/.test(eventType) ? "clicks" : "other_interactions";
}

/** How long an event of a kind is kept: consent, carts and orders have none and are given up last. */
export function priorityOf(kind: Kind | undefined): number {
  return kind ? BY_PRIORITY.indexOf(kind) : BY_PRIORITY.length;
}

/** The share of each kind that the server wants, all of a kind that is not named. */
export interface Sampling {
  shares: Readonly<Partial<Record<Kind, number>>>;
  /** For how long, in milliseconds; until the next answer if there is no time. */
  forMs?: number | undefined;
}

/** This moment. */
export function moment(): Moment {
  return { clientTs: Date.now(), steady: performance.now() };
}
