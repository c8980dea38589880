// What visitors call categories and options, from the catalogue in force.

import type { Problem, Schema } from "@nest-haus/api";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../api/client";
import { readKey } from "../api/hooks";

/** Names by id; an id that the catalogue does not know is its own name. */
export interface CatalogueNames {
  /** The ids of categories, in the order of the configurator; empty until the catalogue is read. */
  categories: readonly string[];
  category(id: string): string;
  option(category: string, option: string): string;
}

/** Reads the names of the catalogue in force. */
export function useCatalogueNames(): CatalogueNames {
  const { data } = useQuery<Schema<"CatalogueInForce"> | null, Problem>({
    queryKey: readKey("/api/catalog", {}),
    // Shops may show an older catalogue for a minute; the dashboard asks whether there is a newer one.
    queryFn: async ({ signal }) => {
      const answer = await api.GET("/api/catalog", { signal, cache: "no-cache" });
      return answer.data ?? null;
    },
  });
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
