// Dictionaries of texts. A module of texts holds both languages, and does not compile when one of them
// lacks a text of the other.

import { useLanguage } from "./language";

/** A text, or a sentence with gaps. */
type Text = string | ((...gaps: never[]) => string);

/** Texts by key, in groups where that helps. */
interface Dictionary {
  readonly [key: string]: Text | Dictionary;
}

/** The same keys and gaps as `D`, in another language. */
type Same<D> = {
  readonly [K in keyof D]: D[K] extends string
    ? string
    : D[K] extends (...gaps: infer Gaps) => string
      ? (...gaps: Gaps) => string
      : Same<D[K]>;
};

/** Texts of one area in both languages. */
export interface Texts<D> {
  readonly en: D;
  readonly de: Same<NoInfer<D>>;
}

/** Declares the texts of an area; English says which keys there are. */
export function defineTexts<D extends Dictionary>(texts: Texts<D>): Texts<D> {
  return texts;
}

/** The texts of an area in the language chosen. */
export function useTexts<D>(texts: Texts<D>): D | Same<D> {
  return texts[useLanguage().language];
}

/** A written count and its noun: `one` of it, or `many`. English and German tell no more apart. */
export function counted(count: string, one: string, many: string): string {
  return `${count} ${count === "1" ? one : many}`;
}
