// Sessions (a pause of more than 30 minutes or 24 hours end one), shared by all tabs, and the numbering
// of each tab's events in them.

import { uuidV7 } from "./ids";
import { ofTab, read, write } from "./storage";

const PAUSE_MS_MAX = 30 * 60_000;
const LENGTH_MS_MAX = 24 * 3_600_000;

/** A session as all tabs know it. */
export interface Session {
  id: string;
  /** First and last activity, in milliseconds since 1970. */
  startedAt: number;
  lastAt: number;
  /** The campaign that the visitor last came by. */
  campaign?: string | undefined;
}

/** The numbering of one tab. */
export interface Tab {
  id: string;
  /** The session whose events are numbered. */
  session: string;
  /** The last number used. */
  seq: number;
}

/** Whether a session goes on with an activity at a time. */
export function goesOn(session: Session, at: number): boolean {
  return at - session.lastAt <= PAUSE_MS_MAX && at - session.startedAt <= LENGTH_MS_MAX;
}

/** A session that begins at a time. */
export function newSession(at: number, campaign: string | undefined): Session {
  return { id: uuidV7(), startedAt: at, lastAt: at, campaign };
}

/**
 * Takes the tab's numbering out of its storage, or begins one. Whoever copies the tab, or opens it after a
 * crash, finds none and begins its own: no number is used twice.
 */
export function takeTab(): Tab {
  const tab = read<Tab>(ofTab);
  leaveTab(undefined);
  return tab ?? { id: uuidV7(), session: "", seq: 0 };
}

/** Leaves the tab's numbering to the page that follows. */
export function leaveTab(tab: Tab | undefined): void {
  write(ofTab, tab);
}

/** The next number of a tab in a session. */
export function nextSeq(tab: Tab, session: string): number {
  if (tab.session !== session) {
    tab.session = session;
    tab.seq = 0;
  }
  tab.seq += 1;
  return tab.seq;
}
