// What categories, options, variants and sizes are called.

import type { Schema } from "@nest-haus/api";
import type { PriceRow } from "./prices";

type Catalogue = Schema<"Catalogue">;

/** Names of a catalogue's parts. An id that it does not know stands for itself. */
export interface Names {
  category(id: string): string;
  option(category: string, id: string): string;
  /** A quantity as it is, or the option of another category by its name. */
  variant(id: string): string;
  size(id: string): string;
  /** A row in words: option, and variant where there is one. */
  row(row: Pick<PriceRow, "category" | "option" | "variant">): string;
}

/** Makes the names of a catalogue. */
export function namesOf({ categories, base }: Catalogue): Names {
  const byCategory = new Map(categories.map((category) => [category.id, category]));
  const optionName = (category: string, id: string) =>
    byCategory.get(category)?.options.find((option) => option.id === id)?.name;
  const option = (category: string, id: string) => optionName(category, id) ?? id;
  const variant = (id: string) =>
    categories.flatMap((each) => optionName(each.id, id) ?? []).at(0) ?? id;
  return {
    category: (id) => byCategory.get(id)?.name ?? id,
    option,
    variant,
    size: (id) => option(base, id),
    row: (row) =>
      [option(row.category, row.option), row.variant ? variant(row.variant) : ""]
        .filter(Boolean)
        .join(" · "),
  };
}

/** The sizes of a house, in their order. */
export function sizesOf({ categories, base }: Catalogue): string[] {
  const sizes = categories.find(({ id }) => id === base)?.options ?? [];
  return sizes.map(({ id }) => id);
}
