// Sessions end as definitions b1 says; no number of a tab is used twice.

import fc from "fast-check";
import { expect, test } from "vitest";

import { goesOn, nextSeq } from "../src/session";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const session = { id: "s", startedAt: 0, lastAt: 0 };

test.each([
  ["a pause of exactly 30 minutes", session, 30 * MINUTE, true],
  ["a millisecond more", session, 30 * MINUTE + 1, false],
  ["24 hours", { ...session, lastAt: 24 * HOUR - 1 }, 24 * HOUR, true],
  ["a millisecond more than 24 hours", { ...session, lastAt: 24 * HOUR }, 24 * HOUR + 1, false],
  ["a clock that was set back", { ...session, lastAt: 5 * HOUR }, HOUR, true],
])("%s", (_, known, at, expected) => {
  expect(goesOn(known, at)).toBe(expected);
});

test("numbers of a tab begin at 1 in each session and never repeat in it", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3)), (visits) => {
      const tab = { id: "t", session: "", seq: 0 };
      const sessions = visits.toSorted((a, b) => a - b).map(String);
      const numbers = sessions.map((id) => [id, nextSeq(tab, id)]);
      const expected = sessions.map((id, index) => [id, index - sessions.indexOf(id) + 1]);
      expect(numbers).toEqual(expected);
    }),
  );
});
