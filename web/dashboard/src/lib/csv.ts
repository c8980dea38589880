// Tables as CSV (RFC 4180): written safe to open in a spreadsheet, and read. Load it when it is needed.

import papa from "papaparse";

/** A cell: text, a number, or nothing. */
export type Cell = string | number | null | undefined;

/** How text begins that a spreadsheet would run. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * Writes a table with a byte order mark, by which spreadsheets know UTF-8. Text that a spreadsheet would run gets an
 * apostrophe before it.
 */
export function writeCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return `\uFEFF${papa.unparse([head, ...rows], { escapeFormulae: FORMULA })}\r\n`;
}

/** Takes a text apart into rows of cells. An empty text has no rows. */
export function readCsv(text: string): string[][] {
  return papa.parse(text, { delimiter: ",", skipEmptyLines: true }).data;
}
