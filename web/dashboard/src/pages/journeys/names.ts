// What nodes are called: pages by their paths, categories as visitors call them.

import { useMemo } from "react";
import { useCatalogueNames } from "../../components/catalogue-names";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** Names nodes. */
export interface NodeNames {
  name(node: string): string;
  /** Nodes that there may be, whatever visits did. */
  known: readonly string[];
}

/** Names in the language chosen. */
export function useNodeNames(): NodeNames {
  const { special } = useTexts(texts);
  const { step } = useTexts(common);
  const catalogue = useCatalogueNames();
  return useMemo(() => {
    const own: Readonly<Record<string, string>> = { ...step, ...special };
    return {
      name: (node) => own[node] ?? catalogue.category(node),
      known: ["cart", "completion", ...catalogue.categories],
    };
  }, [special, step, catalogue]);
}
