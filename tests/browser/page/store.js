// The visitor's session and configuration, kept in localStorage over reloads and pages.

import { presetConfiguration } from "./catalogue.js";
import { totalPrice } from "./price.js";

const STORE_KEY = "nest-configurator";
const STORE_VERSION = 2;
const ACTIVE_KEY = "nest-haus-session-active";
const FALLBACK_KEY = "nest-session-id";
const IDLE_MS_MAX = 30 * 60 * 1000;

/** What this visitor has chosen so far. */
export const store = load();

function load() {
  const saved = JSON.parse(localStorage.getItem(STORE_KEY))?.state;
  const isSameVisit = sessionStorage.getItem(ACTIVE_KEY) !== null;
  sessionStorage.setItem(ACTIVE_KEY, "true");
  const isGoingOn = saved && isSameVisit && Date.now() - saved.lastActivityTime < IDLE_MS_MAX;
  const state = isGoingOn ? saved : startState(Date.now());
  save(state);
  return state;
}

function startState(now) {
  return {
    sessionId: "",
    configuration: presetConfiguration(),
    currentPrice: 0,
    hasUserInteracted: false,
    sessionStartTime: now,
    lastActivityTime: now,
  };
}

function save(state) {
  localStorage.setItem(STORE_KEY, JSON.stringify({ state, version: STORE_VERSION }));
}

/** Chooses an item in a category; null takes it out. The first choice starts the session. */
export function change(category, item, prices) {
  const now = Date.now();
  store.sessionId ||= newId(11);
  const chosen = { sessionId: store.sessionId, [category]: item, timestamp: now };
  const configuration = { ...store.configuration, ...chosen };
  configuration.totalPrice = totalPrice(configuration, prices);
  store.configuration = configuration;
  store.currentPrice = configuration.totalPrice;
  store.hasUserInteracted = true;
  store.lastActivityTime = now;
  save(store);
}

/** The session that interactions belong to: before the first choice it is another one. */
export function trackedSession() {
  return store.sessionId || fallbackSession();
}

function fallbackSession() {
  const id = localStorage.getItem(FALLBACK_KEY) ?? newId(9);
  localStorage.setItem(FALLBACK_KEY, id);
  return id;
}

function newId(length) {
  const random = crypto.getRandomValues(new Uint8Array(length));
  return `client_${Date.now()}_${Array.from(random, (byte) => (byte % 36).toString(36)).join("")}`;
}
