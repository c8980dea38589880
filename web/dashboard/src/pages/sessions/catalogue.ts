// What categories and options are called: by the catalogue in force.

import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";

/** The choice in one category, as sessions have it. */
export interface Choice {
  category: string;
  option: string;
  /** How many pieces, where the category is chosen by quantity. */
  quantity?: number | undefined;
}

/** Names by id. What the catalogue in force does not know (any more) is called by its id. */
export interface CatalogueNames {
  category(id: string): string;
  option(category: string, option: string): string;
  /** Whether there is such a category. */
  isCategory(id: string): boolean;
  /** Where a category stands among all: in the order in which they are offered. */
  place(category: string): number;
}

/** The names, once the catalogue is read; ids until then. */
export function useCatalogueNames(): CatalogueNames {
  const { data } = useRead("/api/catalog", {});
  return useMemo(() => namesOf(data?.catalogue), [data]);
}

/** The names of a catalogue. */
export function namesOf(catalogue: Schema<"Catalogue"> | undefined): CatalogueNames {
  const categories = catalogue?.categories ?? [];
  const byId = new Map(categories.map((category) => [category.id, category]));
  const places = new Map(categories.map(({ id }, place) => [id, place]));
  return {
    category: (id) => byId.get(id)?.name ?? id,
    option: (category, option) =>
      byId.get(category)?.options.find(({ id }) => id === option)?.name ?? option,
    isCategory: (id) => byId.has(id),
    place: (category) => places.get(category) ?? categories.length,
  };
}

/** Things about categories in the order in which these are offered. */
export function inCatalogueOrder<Item extends { category: string }>(
  items: readonly Item[],
  names: CatalogueNames,
): Item[] {
  return [...items].sort((one, other) => names.place(one.category) - names.place(other.category));
}
