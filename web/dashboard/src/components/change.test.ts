// Whether a change is called good or bad only where it is.

import { expect, test } from "vitest";
import { changeOfCount, changeOfRate, directionOf, ratioChange, toneOf } from "./change";

test("more is good by default, and bad where less is better", () => {
  expect(toneOf(changeOfCount(0.1))).toBe("good");
  expect(toneOf(changeOfCount(-0.1))).toBe("bad");
  expect(toneOf(changeOfCount(0.1, "down"))).toBe("bad");
  expect(toneOf(changeOfCount(0.1, "neither"))).toBe("neutral");
});

test("a difference that may be chance is neither", () => {
  const drop = { points: -2, pValue: 0.4, significant: false };
  expect(toneOf(changeOfRate(drop))).toBe("neutral");
  expect(toneOf(changeOfRate({ ...drop, pValue: 0.01, significant: true }))).toBe("bad");
});

test("a small p-value of few cases is no clear difference", () => {
  const change = changeOfRate({ points: 10, pValue: 0.01, significant: false });
  expect(change.verdict).toBe("few");
  expect(toneOf(change)).toBe("neutral");
});

test("without a verdict none is given", () => {
  expect(changeOfRate({ points: 0, pValue: null, significant: false })).not.toHaveProperty(
    "verdict",
  );
});

test("what reads as zero went nowhere", () => {
  expect(directionOf(changeOfCount(0.0004))).toBe("same");
  expect(directionOf(changeOfCount(null))).toBe("same");
  expect(directionOf({ value: 0.06, kind: "points", better: "up" })).toBe("up");
});

test("nothing to compare with is no change", () => {
  expect(ratioChange(5, 0)).toBeNull();
  expect(ratioChange(null, 4)).toBeNull();
  expect(ratioChange(5, 4)).toBe(0.25);
});
