// Whether a spreadsheet reads what was written, and runs none of it, and whether what was written can be read.

import { describe, expect, test } from "vitest";
import { readCsv, writeCsv } from "./csv";

describe("writing", () => {
  test("quotes, commas and lines stay in their cell; nothing is an empty cell", () => {
    const rows = [
      ['say "hi", twice', null],
      ["two\nlines", 1.5],
    ];
    expect(writeCsv(["a", "b"], rows)).toBe(
      '\uFEFFa,b\r\n"say ""hi"", twice",\r\n"two\nlines",1.5\r\n',
    );
  });

  test.each(["=1+1", "+1", "-2", "@x", "\tx", "\rx", "=1\n+2"])(
    "%j is text, not a formula",
    (formula) => {
      const [, row] = readCsv(writeCsv(["a"], [[formula]]));
      expect(row).toEqual([`'${formula}`]);
    },
  );

  test("negative numbers are numbers", () => {
    expect(writeCsv(["a"], [[-2], [-1e-7]])).toBe("\uFEFFa\r\n-2\r\n-1e-7\r\n");
  });
});

describe("reading", () => {
  test("quoted cells have commas, quotes and lines in them", () => {
    expect(readCsv('\uFEFFa,b\r\n"x, ""y""","1\n2"\r\n')).toEqual([
      ["a", "b"],
      ['x, "y"', "1\n2"],
    ]);
  });

  test("empty cells stay, also at the end of a line", () => {
    expect(readCsv("a,,\n,b,\n")).toEqual([
      ["a", "", ""],
      ["", "b", ""],
    ]);
  });

  test("an empty text has no rows", () => {
    expect(readCsv("")).toEqual([]);
  });
});
