// What visitors call categories and options, from the catalogue in force.

import { useMemo } from "react";
import { useRead } from "../api/hooks";

/** Names by id; an id that the catalogue does not know is its own name. */
export interface CatalogueNames {
  /** The ids of categories, in the order of the configurator; empty until the catalogue is read. */
  categories: readonly string[];
  category(id: string): string;
  option(category: string, option: string): string;
}

/** Reads the names of the catalogue in force. */
export function useCatalogueNames(): CatalogueNames {
  const { data } = useRead("/api/catalog", {});
  return useMemo(() => {
    const categories = data?.catalogue.categories ?? [];
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
  }, [data]);
}
