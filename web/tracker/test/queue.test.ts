// The queue keeps what is important, and its reports know what is missing.

import "fake-indexeddb/auto";
import { beforeEach, expect, test, vi } from "vitest";

import { PATH, type QueuedEvent } from "../src/events";
import { createQueue, deleteDatabase, openDatabase, QUEUED_MAX, type Queue } from "../src/queue";
import { agree, countDropped, keep, knownVisitor, remember, reportOf } from "../src/visitor";

let queue: Queue;
let dropped: QueuedEvent[] = [];

const events = (count: number, priority: number, from = 1): QueuedEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    eventId: `${priority}-${String(from + index).padStart(5, "0")}`,
    path: PATH.interactions,
    sessionId: "s",
    tabId: "t",
    seq: from + index,
    page: "p",
    priority,
    body: "{}",
    clientTs: 0,
    steady: 0,
  }));

function storage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
    clear: () => values.clear(),
    key: () => null,
    length: 0,
  };
}

beforeEach(() => {
  vi.stubGlobal("localStorage", storage());
  remember(undefined);
  deleteDatabase();
  dropped = [];
  queue = createQueue(openDatabase(), (given) => dropped.push(...given));
});

test("what was kept is read in order, until it is taken out", async () => {
  const all = events(5, 3);
  await queue.add(all);
  expect(await queue.oldest()).toEqual(all);
  await queue.remove(all.slice(1, 3));
  expect((await queue.oldest())?.map(({ seq }) => seq)).toEqual([1, 4, 5]);
});

test("at 1,000 the least important go first, of those the oldest", async () => {
  await queue.add(events(QUEUED_MAX - 1, 5));
  await queue.add(events(3, 1));
  await queue.add(events(2, 7));
  await queue.oldest();
  expect(dropped.map(({ eventId }) => eventId)).toEqual([
    "1-00001",
    "1-00002",
    "1-00003",
    "5-00001",
  ]);
});

test("a report knows the last number, and what was given up and why", () => {
  agree({ analytics: true });
  countDropped(events(3, 0), "overflow");
  countDropped(events(1, 0, 9), "overflow");
  countDropped(events(2, 0, 4), "sampled");
  expect(reportOf(events(1, 0, 7))).toEqual({
    emitted: 9,
    droppedLocal: { overflow: 4, sampled: 2 },
  });
  expect(reportOf(events(1, 0, 12)).emitted).toBe(12);
  const [other] = events(1, 0);
  expect(reportOf(other ? [{ ...other, tabId: "other" }] : []).droppedLocal).toBeUndefined();
});

test("nothing is kept of a visitor who refused meanwhile", () => {
  agree({ analytics: true });
  remember(undefined);
  keep({ session: { id: "s", startedAt: 0, lastAt: 0 } });
  countDropped(events(1, 0), "overflow");
  expect(knownVisitor()).toBeUndefined();
});

test("a visitor who changes their mind about marketing stays the same visitor", () => {
  agree({ analytics: true });
  const id = knownVisitor()?.id;
  agree({ analytics: true, marketing: true });
  expect(knownVisitor()).toEqual({ id, choice: { analytics: true, marketing: true } });
});
