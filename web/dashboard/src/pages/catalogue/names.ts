// What categories, options, variants and sizes are called.

import type { Schema } from "@nest-haus/api";
import { namesOf as basicNamesOf, type CatalogueNames } from "../../components/catalogue-names";
import type { PriceRow } from "./prices";

type Catalogue = Schema<"Catalogue">;

/** Names of a catalogue's parts. An id that it does not know stands for itself. */
export interface Names extends CatalogueNames {
  /** A quantity as it is, or the option of another category by its name. */
  variant(id: string): string;
  size(id: string): string;
  /** A row in words: option, and variant where there is one. */
  row(row: Pick<PriceRow, "category" | "option" | "variant">): string;
}

/** Makes the names of a catalogue. */
export function namesOf(catalogue: Catalogue): Names {
  const names = basicNamesOf(catalogue);
  const options = catalogue.categories.flatMap((each) => each.options);
  const variant = (id: string) => options.find((option) => option.id === id)?.name ?? id;
  return {
    ...names,
    variant,
    size: (id) => names.option(catalogue.base, id),
    row: ({ category, option, variant: id }) =>
      [names.option(category, option), id ? variant(id) : ""].filter(Boolean).join(" · "),
  };
}

/** The sizes of a house, in their order. */
export function sizesOf({ categories, base }: Catalogue): string[] {
  const sizes = categories.find(({ id }) => id === base)?.options ?? [];
  return sizes.map(({ id }) => id);
}
