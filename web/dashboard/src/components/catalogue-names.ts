// What visitors call categories and options, and in which order these are offered.

import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../api/hooks";

/** The choice in one category, as sessions have it. */
export interface Choice {
  category: string;
  option: string;
  /** How many pieces, where the category is chosen by quantity. */
  quantity?: number | undefined;
}

/** Names by id; what the catalogue does not know (any more) is called by its id. */
export interface CatalogueNames {
  /** The ids of categories, in the order of the configurator; empty until the catalogue is read. */
  categories: readonly string[];
  category(id: string): string;
  option(category: string, option: string): string;
}

/** The names of the catalogue in force. */
export function useCatalogueNames(): CatalogueNames {
  const { data } = useRead("/api/catalog", {});
  return useMemo(() => namesOf(data?.catalogue), [data]);
}

/** The names of a catalogue. */
export function namesOf(catalogue: Schema<"Catalogue"> | undefined): CatalogueNames {
  const categories = catalogue?.categories ?? [];
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  const options = new Map(
    categories.flatMap(({ id, options }) =>
      options.map((option) => [`${id}/${option.id}`, option.name] as const),
    ),
  );
  return {
    categories: categories.map(({ id }) => id),
    category: (id) => names.get(id) ?? id,
    option: (category, option) => options.get(`${category}/${option}`) ?? option,
  };
}

/** Things about categories in the order in which these are offered; those that are offered no more, last. */
export function inCatalogueOrder<Item extends { category: string }>(
  items: readonly Item[],
  { categories }: CatalogueNames,
): Item[] {
  const places = new Map(categories.map((id, place) => [id, place]));
  const placeOf = ({ category }: Item) => places.get(category) ?? places.size;
  return [...items].sort((one, other) => placeOf(one) - placeOf(other));
}
