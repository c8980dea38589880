// Whether days begin when the clocks of their zone say so.

import { expect, test } from "vitest";
import { addDays, dayOf, isZone, startOfDay } from "./zone";

test.each([
  ["2026-07-01", "Europe/Vienna", "2026-06-30T22:00:00.000Z"],
  ["2026-03-29", "Europe/Vienna", "2026-03-28T23:00:00.000Z"],
  ["2026-03-30", "Europe/Vienna", "2026-03-29T22:00:00.000Z"],
  ["2026-10-26", "Europe/Vienna", "2026-10-25T23:00:00.000Z"],
  ["2026-01-01", "Pacific/Kiritimati", "2025-12-31T10:00:00.000Z"],
  ["2026-01-01", "America/Los_Angeles", "2026-01-01T08:00:00.000Z"],
  ["2026-01-01", "Asia/Kathmandu", "2025-12-31T18:15:00.000Z"],
  ["2026-01-01", "UTC", "2026-01-01T00:00:00.000Z"],
])("%s begins in %s at %s", (day, tz, instant) => {
  expect(startOfDay(day, tz)).toBe(instant);
  expect(dayOf(instant, tz)).toBe(day);
});

test("a day ends where the next begins, also when clocks change", () => {
  const hours = (day: string) =>
    (Date.parse(startOfDay(addDays(day, 1), "Europe/Vienna")) -
      Date.parse(startOfDay(day, "Europe/Vienna"))) /
    3_600_000;
  expect([hours("2026-03-29"), hours("2026-10-25"), hours("2026-11-29")]).toEqual([23, 25, 24]);
});

test("days add up over months and leap years", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
});

test("a zone is one that the browser knows", () => {
  expect(isZone("Europe/Vienna")).toBe(true);
  expect(isZone("Europe/Atlantis")).toBe(false);
});
