import { describe, expect, it } from "vitest";
import { type Price, pastedBlock, readPrice, unreadableCount, withEdits } from "./prices";

describe("readPrice", () => {
  it.each([
    ["24413", 2_441_300],
    ["24.413", 2_441_300],
    ["24,413", 2_441_300],
    ["24.413,50", 2_441_350],
    ["24,413.5", 2_441_350],
    ["1\u202f024 413 €", 102_441_300],
    ["0", 0],
    ["0,01", 1],
    ["100000000", 10_000_000_000],
    ["Auf Anfrage", "on_request"],
    ["on request", "on_request"],
  ])("reads %s", (typed, price) => {
    expect(readPrice(typed)).toBe(price);
  });

  it.each(["", "-5", "1.2.3", "12,3456", "abc", "100000000,01", "1e5"])("refuses %s", (typed) => {
    expect(readPrice(typed)).toBeUndefined();
  });
});

describe("withEdits", () => {
  const rows = [
    { category: "nest", option: "nest80", price: 100 },
    { category: "fenster", option: "holz", variant: "light", prices: { nest80: 1, nest100: 2 } },
  ];

  it("changes the cells that were edited and leaves the others", () => {
    const edits = new Map<string, Price>([
      ["nest/nest80//", 150],
      ["fenster/holz/light/nest100", "on_request"],
    ]);
    expect(withEdits(rows, edits)).toEqual([
      { category: "nest", option: "nest80", price: 150 },
      {
        category: "fenster",
        option: "holz",
        variant: "light",
        prices: { nest80: 1, nest100: "on_request" },
      },
    ]);
  });

  it("leaves out what cannot be read, and counts it", () => {
    const edits = new Map([["nest/nest80//", { typed: "abc" }]]);
    expect(withEdits(rows, edits)).toEqual(rows);
    expect(unreadableCount(edits)).toBe(1);
  });
});

describe("pastedBlock", () => {
  it("takes a spreadsheet's block apart", () => {
    expect(pastedBlock("1\t2\r\n3\t4\r\n")).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  it("leaves a single cell to the browser", () => {
    expect(pastedBlock("24413\n")).toBeUndefined();
  });
});
