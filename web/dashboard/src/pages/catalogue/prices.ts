// Prices as they are typed, edited and sent: euros in the grid, cents in the API.

import type { Schema } from "@nest-haus/api";

/** Cents, or that it must be asked for. */
export type Price = Schema<"Price">;

/** A row of the price table. */
export type PriceRow = Schema<"PriceRow">;

/** What was typed and is no price. */
export interface Unreadable {
  readonly typed: string;
}

/** Changed cells by `cellKey`: the new price, or what was typed and cannot be read. */
export type Edits = ReadonlyMap<string, Price | Unreadable>;

const CENTS_MAX = 10_000_000_000;
const ON_REQUEST = ["on_request", "on request", "auf anfrage"];
// Thousands stand in threes, so that 24.413, 24,413 and 24413 are the same in every language.
const EUROS = /^(\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,](\d{1,2}))?$/;

/** Names a cell: its row, and its size where the price goes by size. */
export function cellKey(row: PriceRow, size?: string): string {
  return [row.category, row.option, row.variant ?? "", size ?? ""].join("/");
}

/** The price that a row has for a size, or for all sizes; nothing where it has none. */
export function priceOf(row: PriceRow, size?: string): Price | undefined {
  return (size === undefined ? row.price : row.prices?.[size]) ?? undefined;
}

/** Reads a typed price; nothing where it is none. */
export function readPrice(typed: string): Price | undefined {
  const plain = typed
    .replaceAll(/[\u00a0\u202f]/g, " ")
    .replace("€", "")
    .trim();
  if (ON_REQUEST.includes(plain.toLowerCase())) return "on_request";
  const found = EUROS.exec(plain);
  if (!found) return undefined;
  const [, euros = "", cents = ""] = found;
  const total = Number(euros.replaceAll(/\D/g, "")) * 100 + Number(cents.padEnd(2, "0"));
  return total <= CENTS_MAX ? total : undefined;
}

/** The rows with the changes that can be read. */
export function withEdits(rows: readonly PriceRow[], edits: Edits): PriceRow[] {
  const edited = (price: Price, key: string) => {
    const edit = edits.get(key);
    return edit === undefined || typeof edit === "object" ? price : edit;
  };
  return rows.map((row) => {
    const { price } = row;
    const bySize = Object.entries(row.prices ?? {}).map(([size, each]) => [
      size,
      edited(each, cellKey(row, size)),
    ]);
    return {
      ...row,
      ...(price == null ? {} : { price: edited(price, cellKey(row)) }),
      ...(row.prices ? { prices: Object.fromEntries(bySize) } : {}),
    };
  });
}

/** How many changes cannot be read. */
export function unreadableCount(edits: Edits): number {
  return [...edits.values()].filter((edit) => typeof edit === "object").length;
}

/** A pasted block as rows of cells; nothing where it is a single cell. */
export function pastedBlock(text: string): string[][] | undefined {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const block = lines.map((line) => line.split("\t"));
  return block.length > 1 || (block[0]?.length ?? 0) > 1 ? block : undefined;
}
