// Ids are UUIDv7 and sort as they were made, whatever the clock does.

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";

import { uuidV7 } from "../src/ids";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

afterEach(() => {
  vi.useRealTimers();
});

test("an id carries the millisecond in which it was made", () => {
  vi.useFakeTimers({ now: 4_000_000_000_000 });
  const id = uuidV7();
  expect(id).toMatch(FORM);
  const made = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  expect(Math.abs(made - 4_000_000_000_000)).toBeLessThanOrEqual(1);
});

test("ids sort in the order in which they were made, also when the clock goes back", () => {
  vi.useFakeTimers();
  const steps = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 200 });
  fc.assert(
    fc.property(steps, (clock) => {
      const ids = clock.map((step) => {
        vi.setSystemTime(Date.now() + step);
        return uuidV7();
      });
      expect(ids).toEqual(ids.toSorted());
      expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns: 50 },
  );
});

test("ten thousand ids of one millisecond still sort", () => {
  vi.useFakeTimers();
  const ids = Array.from({ length: 10_000 }, uuidV7);
  expect(ids).toEqual(ids.toSorted());
});
