// Sending a change of the catalogue, or asking what it would do.

import type { Schema } from "@nest-haus/api";
import { api } from "../../api/client";
import type { PriceRow } from "./prices";

/** What is to take the place of the catalogue in force. */
export type Source =
  | { kind: "prices"; prices: PriceRow[] }
  | { kind: "catalogue"; catalogue: Schema<"Catalogue"> }
  | { kind: "csv"; csv: string; name: string }
  | { kind: "draft"; draftVersion: number };

/** What to do with it. */
export interface EditOptions {
  /** The latest version that the editor saw. */
  expectedVersion: number;
  dryRun: boolean;
  draft?: boolean;
  /** When it comes into force, as RFC 3339; now, if left out. */
  effectiveFrom?: string;
  scheduled?: Schema<"Scheduled">;
  acceptRemovals?: boolean;
  note?: string;
}

/** Sends a change, or asks what it would do. Throws a `Problem`; 409 where somebody published meanwhile. */
export async function putCatalogue(
  source: Source,
  options: EditOptions,
): Promise<Schema<"CatalogueEdit">> {
  const { data } = await (source.kind === "csv"
    ? api.PUT("/api/admin/catalog", {
        params: { query: options },
        body: source.csv,
        bodySerializer: (body) => body,
        headers: { "content-type": "text/csv" },
      })
    : api.PUT("/api/admin/catalog", { body: { ...options, ...contentOf(source) } }));
  if (!data) throw new Error("the answer is empty");
  return data;
}

function contentOf(source: Exclude<Source, { kind: "csv" }>) {
  switch (source.kind) {
    case "prices":
      return { prices: source.prices };
    case "catalogue":
      return { catalogue: source.catalogue };
    case "draft":
      return { draftVersion: source.draftVersion };
  }
}
