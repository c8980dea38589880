// Whether values read as they should in both languages.

import { expect, test } from "vitest";
import { makeFormats } from "./formats";

const de = makeFormats("de", "Europe/Vienna");
const en = makeFormats("en", "UTC");
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

test("nothing is a dash, and zero is not nothing", () => {
  expect([en.count(null), en.share(undefined), en.money(null), en.dateTime(null)]).toEqual([
    "–",
    "–",
    "–",
    "–",
  ]);
  expect([en.count(0), en.share(0), en.money(0)]).toEqual(["0", "0.0%", "€0"]);
});

test("money is written from cents, and shows cents only where there are some", () => {
  expect(plain(de.money(21_303_200))).toBe("€ 213.032");
  expect(en.money(21_303_200)).toBe("€213,032");
  expect(en.money(150_050)).toBe("€1,500.50");
  expect(en.moneyShort(1_200_000_00)).toBe("€1.2m");
});

test("changes have a sign, and no change has none", () => {
  expect(en.change(0.064)).toBe("+6.4%");
  expect(en.change(-0.064)).toBe("−6.4%");
  expect(en.change(0)).toBe("0.0%");
  expect(plain(de.points(-1.04))).toBe("−1,0 PP");
});

test("instants are those of the chosen zone", () => {
  const newYear = "2025-12-31T23:30:00Z";
  expect(de.date(newYear)).toContain("2026");
  expect(en.date(newYear)).toContain("2025");
  expect(en.time(newYear)).toBe("23:30:00");
  expect(de.time(newYear)).toBe("00:30:00");
});

test.each([
  [0, "0 s"],
  [1_250, "1.3 s"],
  [59_600, "1 min 0 s"],
  [77_000, "1 min 17 s"],
  [3_600_000, "1 h 0 min"],
])("%d ms last %s", (ms, written) => {
  expect(en.duration(ms)).toBe(written);
});

test.each([
  [0.4, "0.4 ms"],
  [340.4, "340 ms"],
  [1_254, "1.25 s"],
])("%d ms are measured as %s", (ms, written) => {
  expect(en.latency(ms)).toBe(written);
});

test("how long ago follows the largest unit, and the future is now", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  expect(en.ago("2026-11-29T11:55:01Z", now)).toBe("4 minutes ago");
  expect(en.ago("2026-11-27T11:00:00Z", now)).toBe("2 days ago");
  expect(en.ago("2026-11-29T12:00:05Z", now)).toBe("now");
});

test("bytes are written in thousands", () => {
  expect([en.bytes(0), en.bytes(999), en.bytes(4_200_000)]).toEqual(["0 B", "999 B", "4.2 MB"]);
});
