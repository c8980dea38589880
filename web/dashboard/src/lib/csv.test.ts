// Whether a spreadsheet reads what was written, and runs none of it.

import { expect, test } from "vitest";
import { writeCsv } from "./csv";

test("quotes, commas and lines stay in their cell; nothing is an empty cell", () => {
  expect(
    writeCsv(
      ["a", "b"],
      [
        ['say "hi", twice', null],
        ["two\nlines", 1.5],
      ],
    ),
  ).toBe('\uFEFFa,b\r\n"say ""hi"", twice",\r\n"two\nlines",1.5\r\n');
});

test("text that begins like a formula is text; negative numbers are numbers", () => {
  expect(writeCsv(["a"], [["=1+1"], ["@x"], ["-2"], [-2]])).toBe(
    "\uFEFFa\r\n'=1+1\r\n'@x\r\n'-2\r\n-2\r\n",
  );
});
