import { describe, expect, it } from "vitest";
import { writeCsv } from "../../lib/csv";
import { parseCsv } from "./parse-csv";

describe("parseCsv", () => {
  it("reads quoted cells with commas, quotes and lines in them", () => {
    expect(parseCsv('a,b\r\n"x, ""y""","1\n2"\r\n')).toEqual([
      ["a", "b"],
      ['x, "y"', "1\n2"],
    ]);
  });

  it("keeps empty cells, also at the end of a line", () => {
    expect(parseCsv("a,,\n,b,\n")).toEqual([
      ["a", "", ""],
      ["", "b", ""],
    ]);
  });

  it("reads what writeCsv writes", () => {
    const rows = [
      ["plain", 'quo"te'],
      ["", "two\r\nlines"],
    ];
    expect(parseCsv(writeCsv(["one", "two"], rows))).toEqual([["one", "two"], ...rows]);
  });

  it("has no rows for an empty text", () => {
    expect(parseCsv("")).toEqual([]);
  });
});
