// Visits of pages, also of those that a script shows (History API) or that come back from the browser's
// cache, with what tells where the visitor came from. Of the address's query only that is read.

import type { Capture } from "./index";

const UTM = ["source", "medium", "campaign"];
const CLICK_IDS = [
  "gclid",
  "gbraid",
  "wbraid",
  "msclkid",
  "ttclid",
  "li_fat_id",
  "epik",
  "rdt_cid",
  "dclid",
  "fbclid",
  "igshid",
  "twclid",
];

/** Captures visits of pages; calls before a page is left for another one, and after coming to it. */
export function capturePages(capture: Capture, leave: () => void, begin: () => void): void {
  const { recorder, signal } = capture;
  let page = location.pathname;

  function visit(): void {
    page = location.pathname;
    const { campaign, ...origin } = whereFrom();
    recorder.track(
      {
        eventType: "page_visit",
        category: "navigation",
        selectionValue: page,
        additionalData: { ...origin, orientation: screen.orientation?.type },
      },
      { campaign },
    );
    begin();
  }

  function change(): void {
    if (location.pathname === page) return;
    leave();
    visit();
  }

  for (const name of ["pushState", "replaceState"] as const) {
    const original = history[name];
    history[name] = (...state) => {
      original.apply(history, state);
      if (!signal.aborted) change();
    };
  }
  addEventListener("popstate", change, { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && visit(), { signal });
  screen.orientation?.addEventListener(
    "change",
    () => {
      const selectionValue = screen.orientation.type;
      const kind = { eventType: "orientation", category: "device" };
      recorder.track({ ...kind, selectionValue, interactive: false });
    },
    { signal },
  );
  visit();
}

interface Origin {
  utm?: Record<string, string>;
  clickId?: string;
  referrer?: string;
  /** What tells one campaign from another. */
  campaign?: string;
}

function whereFrom(): Origin {
  const query = new URLSearchParams(location.search);
  const utm: Record<string, string> = {};
  for (const name of UTM) {
    const value = query.get(`utm_${name}`);
    if (value) utm[name] = value;
  }
  // Which network's, not whose: the id itself names a person.
  const clickId = CLICK_IDS.find((name) => query.get(name));
  const origin: Origin = {};
  if (Object.keys(utm).length > 0) origin.utm = utm;
  if (clickId) origin.clickId = clickId;
  if (origin.utm || clickId) origin.campaign = JSON.stringify([utm, clickId]);
  const referrer = URL.canParse(document.referrer) ? new URL(document.referrer) : undefined;
  if (referrer && referrer.host !== location.host) {
    origin.referrer = referrer.origin + referrer.pathname;
  }
  return origin;
}
