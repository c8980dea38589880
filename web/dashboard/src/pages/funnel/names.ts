// What steps, events and values are called on the funnel page.

import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { type CatalogueNames, useCatalogueNames } from "../../components/catalogue-names";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import type { Pattern } from "./pattern";
import { texts } from "./texts";

/** Writes what funnels are about. */
export interface FunnelNames {
  /** An event by its name in a session's timeline, and its category. */
  event(event: string, category?: string | null): string;
  /** A step, by its own name or by what it asks. */
  pattern(pattern: Pattern): string;
  /** Steps as the API names them, told apart where two have the same name. */
  steps(steps: readonly Schema<"FunnelStep">[], asked?: readonly Pattern[]): readonly string[];
}

/** Names in the language chosen. */
export function useFunnelNames(): FunnelNames {
  const t = useTexts(texts);
  const { step } = useTexts(common);
  const catalogue = useCatalogueNames();
  return useMemo(() => makeNames(t.events, step, catalogue), [t, step, catalogue]);
}

function makeNames(
  events: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
  catalogue: CatalogueNames,
): FunnelNames {
  const event = (name: string, category?: string | null) => {
    const called = events[name] ?? name;
    return category ? `${called} · ${catalogue.category(category)}` : called;
  };
  const named = (name: string) => known[name] ?? events[name] ?? name;
  const pattern = (asked: Pattern) => {
    if (asked.name) return named(asked.name);
    const value = asked.category ? catalogue.option(asked.category, asked.value) : asked.value;
    const called = asked.category ? event(asked.event, asked.category) : named(asked.event);
    const parts = [called, asked.element, value];
    const first = parts.filter(Boolean).join(" · ");
    return asked.alternatives.length > 0 ? `${first} (+${asked.alternatives.length})` : first;
  };
  return {
    event,
    pattern,
    steps: (steps, asked) => {
      const plain = steps.map(({ name }, at) => {
        const own = asked?.[at];
        return own && asked.length === steps.length ? pattern(own) : named(name);
      });
      return plain.map((name, at) =>
        plain.indexOf(name) === plain.lastIndexOf(name) ? name : `${at + 1}. ${name}`,
      );
    },
  };
}
