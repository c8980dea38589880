// Whether steps survive the address, and are written as the API reads them.

import { expect, test } from "vitest";
import {
  parseExclusions,
  parseSteps,
  parseWindows,
  patternOf,
  writeExclusions,
  writeSteps,
  writeWindows,
} from "./pattern";

const chosen = {
  ...patternOf("selection"),
  category: "nest",
  filters: [{ property: "price", op: "greater", value: "300000" } as const],
  alternatives: [patternOf("cart_add")],
};

test("what is empty is not written, and numbers are compared as numbers", () => {
  expect(JSON.parse(writeSteps([patternOf("visit"), chosen]))).toEqual([
    { event: "visit" },
    {
      event: "selection",
      category: "nest",
      filters: [{ property: "price", op: "greater", value: 300_000 }],
      alternatives: [{ event: "cart_add" }],
    },
  ]);
});

test("steps come back from the address as they were", () => {
  const steps = [patternOf("visit"), chosen];
  expect(parseSteps(writeSteps(steps))).toEqual(steps);
});

test("exclusions and windows come back as they were", () => {
  const exclusions = [{ pattern: patternOf("click"), after: 1, before: 3 }];
  expect(parseExclusions(writeExclusions(exclusions))).toEqual(exclusions);
  expect(parseWindows(writeWindows([null, 2.5]))).toEqual([null, 2.5]);
  expect(writeWindows([null, null])).toBeUndefined();
});

test.each([undefined, "", "no JSON", "{}", '[{"event":"visit"}]'])(
  "%s is no funnel: the default stays",
  (text) => {
    expect(parseSteps(text)).toBeUndefined();
  },
);
