// What goes into a request and what its answer means.

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  backoffMs,
  firstBatch,
  requestBody,
  retryAfterMs,
  settles,
  VERDICT,
  verdictOf,
} from "../src/batches";
import { kindOf, PATH, type QueuedEvent } from "../src/events";

const event = (fields: Partial<QueuedEvent> = {}): QueuedEvent => ({
  eventId: "e",
  path: PATH.interactions,
  sessionId: "s",
  tabId: "t",
  seq: 1,
  page: "p",
  priority: 3,
  body: '{"eventType":"click","category":"c"}',
  clientTs: 1000,
  steady: 10,
  ...fields,
});

const anyEvent = fc
  .record({
    path: fc.constantFrom(...Object.values(PATH)),
    sessionId: fc.constantFrom("s1", "s2"),
    tabId: fc.constantFrom("t1", "t2"),
    body: fc.string({ maxLength: 300 }).map((text) => JSON.stringify({ text })),
  })
  .map(event);

describe("a batch", () => {
  test("is of one endpoint, session and tab, in order, and never empty", () => {
    const waiting = fc.array(anyEvent, { minLength: 1, maxLength: 150 });
    const limits = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60_000 }));
    fc.assert(
      fc.property(waiting, limits, (events, [eventsMax, bytesMax]) => {
        const batch = firstBatch(events, eventsMax, bytesMax);
        expect(batch[0]).toBe(events[0]);
        expect(batch.length).toBeLessThanOrEqual(eventsMax);
        const names = batch.map(({ path, sessionId, tabId }) => `${path} ${sessionId} ${tabId}`);
        expect(new Set(names).size).toBe(1);
        const places = batch.map((each) => events.indexOf(each));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });

  test("fits into what outlives a page", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 2, maxLength: 150 }), (events) => {
        const batch = firstBatch(events, 100, 60_000);
        const about = { emitted: 9_999_999_999, droppedLocal: { overflow: 999 }, visitorId: "v" };
        const body = requestBody(batch, { clientTs: 2000, steady: 20 }, "p", about);
        expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});

describe("a request", () => {
  const now = { clientTs: 5000, steady: 90 };
  const about = { emitted: 7, droppedLocal: undefined, visitorId: "v" };

  test("says how old events of its own page are, and of others only when they were", () => {
    const events = [event(), event({ eventId: "f", seq: 2, page: "before" })];
    expect(JSON.parse(requestBody(events, now, "p", about))).toEqual({
      sessionId: "s",
      tabId: "t",
      sentAt: 5000,
      emitted: 7,
      visitorId: "v",
      events: [
        { eventType: "click", category: "c", eventId: "e", seq: 1, clientTs: 1000, ageMs: 80 },
        { eventType: "click", category: "c", eventId: "f", seq: 2, clientTs: 1000 },
      ],
    });
  });

  test("has one configuration alone, whose fields nothing around it replaces", () => {
    const body = '{"configuration":{"nest":{}},"currentPrice":5}';
    const request = requestBody([event({ path: PATH.change, body })], now, "p", about);
    expect(JSON.parse(request)).toMatchObject({
      sessionId: "s",
      eventId: "e",
      configuration: { nest: {} },
      currentPrice: 5,
    });
  });
});

test.each([
  [200, 1, "settled"],
  [202, 20, "settled"],
  [422, 1, "settled"],
  [413, 2, "split"],
  [413, 1, "refused"],
  [400, 1, "refused"],
  [401, 1, "refused"],
  [403, 1, "refused"],
  [410, 1, "refused"],
  [404, 1, "retry"],
  [408, 1, "retry"],
  [425, 1, "retry"],
  [429, 1, "retry"],
  [500, 1, "retry"],
  [503, 1, "retry"],
] as const)("%i for %i events means %s", (status, events, verdict) => {
  expect(verdictOf(status, events)).toBe(VERDICT[verdict]);
});

describe("an answer", () => {
  test("counts if it speaks of every event", () => {
    const answer = { accepted: 2, duplicate: 1, rejected: [{}], sampling: { hover: 0 } };
    expect(settles(answer, 4)).toEqual({ hover: 0 });
    expect(() => settles(answer, 5)).toThrow();
    expect(() => settles({}, 1)).toThrow();
    expect(settles({ errors: [{}] }, 5)).toEqual({});
  });
});

describe("waiting", () => {
  test("grows to six minutes, and differs from visitor to visitor", () => {
    expect([0, 1, 2, 3].map((failures) => backoffMs(failures, 1))).toEqual([
      1000, 2000, 4000, 8000,
    ]);
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const ms = backoffMs(failures, random);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(360_000);
      }),
    );
  });

  test.each([
    [null, 0],
    ["120", 120_000],
    ["0", 0],
    ["Sun, 29 Nov 2026 12:01:00 GMT", 60_000],
    ["Sun, 29 Nov 2026 11:59:00 GMT", 0],
    ["soon", 0],
  ])("%s is %i ms", (header, ms) => {
    expect(retryAfterMs(header, Date.UTC(2026, 10, 29, 12))).toBe(ms);
  });
});

test.each([
  ["click", "clicks"],
  ["rage_click", "clicks"],
  ["selection", "selections"],
  ["scroll_depth", "scroll"],
  ["hover", "hover"],
  ["page_visit", "page_visits"],
  ["category_opened", "other_interactions"],
])("%s is of the kind %s, as for the server", (eventType, kind) => {
  expect(kindOf(eventType)).toBe(kind);
});
