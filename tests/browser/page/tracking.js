// What the page tells the server about the visitor, and when. Nothing here is waited for by what
// the visitor does, and no failure gets in the way.

import { store, trackedSession } from "./store.js";

const CLICK_DEBOUNCE_MS = 300;
const SYNC_DELAY_MS = 5000;
const POLL_DELAY_MS = 3000;
const POLLS = 10;
const ATTEMPTS = 3;
const TRACKED = "button, a, [role=button], [data-track-click]";
const UNTRACKED_CLASSES = ["simple-nav", "back-button", "next-button"];
const UNTRACKED_TEXTS = ["back", "next", "close", "×", "weiter", "zurück", "schließen"];

const path = location.pathname.replace(/\.html$/, "");
let arrivedAt = Date.now();
let pendingClick;
let pendingSync;

/** Tells of the visit to this page, of clicks, and of the end. */
export function startTracking() {
  trackVisit(trackedSession());
  document.addEventListener("click", noteClick, { capture: true });
  addEventListener("beforeunload", beaconExit);
  addEventListener("pagehide", beaconExit);
}

/** An option was chosen: told at once. */
export function trackSelection({ category, value }) {
  const { sessionId, currentPrice: totalPrice } = store;
  quietly(post("track", { sessionId, category, selection: value, totalPrice }));
}

/** Sends the configuration as it is now, unless another choice follows soon. */
export function scheduleSync() {
  const { sessionId, configuration, currentPrice } = store;
  const body = { sessionId, configuration, currentPrice, timestamp: configuration.timestamp };
  clearTimeout(pendingSync);
  const send = () => quietly(post("sync", body));
  pendingSync = setTimeout(send, delayMs("sync-delay-ms", SYNC_DELAY_MS));
}

/** Ends the session that there was before the first choice. */
export async function endSession(sessionId) {
  clearTimeout(pendingClick);
  const timeSpent = Date.now() - arrivedAt;
  arrivedAt = Date.now();
  await trackVisit(sessionId, { timeSpent });
  quietly(post("finalize", { sessionId, config: null }));
}

/** Tells how long the visitor was here, when they go on to another page of this site. */
export function trackLeaving() {
  const timeSpent = Date.now() - arrivedAt;
  trackVisit(trackedSession(), { timeSpent, keepalive: true });
}

/** Hands the configuration over when the configurator goes away. */
export function finalizeConfiguration() {
  if (store.sessionId) quietly(post("finalize", finalState(), { keepalive: true }));
}

/** The same when the whole page goes away: as text, which a beacon may send anywhere. */
export function beaconConfiguration() {
  if (store.sessionId) navigator.sendBeacon(address("finalize"), JSON.stringify(finalState()));
}

function finalState() {
  const { sessionId, configuration: finalConfiguration, currentPrice: totalPrice } = store;
  return { sessionId, finalConfiguration, totalPrice };
}

/** Tells what is in the cart. */
export function trackCart(isOhneNestMode) {
  const sessionId = trackedSession();
  const { configuration, currentPrice: totalPrice } = store;
  quietly(post("update-ohne-nest-mode", { sessionId, isOhneNestMode }));
  quietly(post("track-cart-add", { sessionId, configuration, totalPrice, isOhneNestMode }));
}

/** The session as the server has it, or null. */
export async function getSession() {
  try {
    const query = new URLSearchParams({ sessionId: trackedSession() });
    const answer = await fetch(`${address("get-session")}?${query}`);
    return answer.ok ? (await answer.json()).session : null;
  } catch {
    return null;
  }
}

/** Asks for half a minute whether the session is paid. */
export async function pollPayment() {
  for (let poll = 0; poll < POLLS; poll += 1) {
    await wait(delayMs("poll-delay-ms", POLL_DELAY_MS));
    const data = (await getSession())?.configurationData;
    if (data?.purchaseTracked || data?.purchaseData) return true;
  }
  return false;
}

function noteClick({ target }) {
  const element = target.closest(TRACKED);
  if (!element || !isTracked(element)) return;
  const click = { eventType: "click", ...describe(element), deviceInfo: deviceInfo() };
  clearTimeout(pendingClick);
  const send = () => trackInteraction(trackedSession(), click);
  pendingClick = setTimeout(send, CLICK_DEBOUNCE_MS);
}

function isTracked(element) {
  const text = element.textContent.trim();
  const named = text.length >= 2 || element.getAttribute("aria-label");
  const isMuted = UNTRACKED_CLASSES.some((name) => element.classList.contains(name));
  return named && !isMuted && !UNTRACKED_TEXTS.includes(text.toLowerCase());
}

function describe(element) {
  const text = element.textContent.trim();
  const { trackId, trackCategory, trackValue } = element.dataset;
  const label = element.getAttribute("aria-label");
  const elementId = element.id || trackId || label || element.parentElement.id || text;
  return {
    category: trackCategory ?? (element.matches("a") ? "link" : "button"),
    elementId: elementId === text ? text.slice(0, 50) : elementId,
    selectionValue: (trackValue ?? (label || text)).slice(0, 100),
  };
}

function trackVisit(sessionId, { timeSpent, keepalive = false } = {}) {
  const visit = { eventType: "page_visit", category: "navigation", selectionValue: path };
  const interaction = { ...visit, timeSpent, deviceInfo: deviceInfo() };
  return trackInteraction(sessionId, interaction, { keepalive });
}

/** Sends an interaction, again after failures of the server or of the network. */
async function trackInteraction(sessionId, interaction, options) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const answer = await post("track-interaction", { sessionId, interaction }, options);
      if (answer.status < 500) return;
    } catch {
      await wait(attempt * 1000);
    }
  }
}

function beaconExit() {
  const body = JSON.stringify({ sessionId: trackedSession(), config: null });
  const blob = new Blob([body], { type: "application/json" });
  navigator.sendBeacon(address("finalize"), blob);
}

/** Sends a body and reads the answer to its end, which frees the connection for the next one. */
async function post(name, body, options) {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body), ...options };
  const answer = await fetch(address(name), request);
  await answer.text();
  return answer;
}

function address(name) {
  return `/api/sessions/${name}`;
}

function quietly(request) {
  request.catch(() => {});
}

function deviceInfo() {
  const isMobile = /Mobile|Android|iPhone/i.test(navigator.userAgent);
  return { type: isMobile ? "mobile" : "desktop", width: innerWidth, height: innerHeight };
}

/** A delay, which a test may shorten by a parameter of the page's address. */
function delayMs(parameter, usual) {
  return Number(new URLSearchParams(location.search).get(parameter) ?? usual);
}

function wait(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
