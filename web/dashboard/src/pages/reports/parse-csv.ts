// Reads CSV as RFC 4180 writes it.

const BYTE_ORDER_MARK = "\uFEFF";
// A cell, quoted or not, and what ends it: a comma, the line, the text.
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g;

/** Takes a text apart into rows of cells. An empty text has no rows. */
export function parseCsv(text: string): string[][] {
  const plain = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [whole, quoted, bare = "", end] of plain.matchAll(CELL)) {
    if (whole === "" && row.length === 0) break;
    row.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
    if (end === "") break;
  }
  return rows;
}
