// The language of the dashboard: chosen by the reader, the browser's otherwise.

import { useLocalStorage } from "@mantine/hooks";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";

/** A language that the dashboard speaks. */
export type Language = "de" | "en";

interface LanguageChoice {
  language: Language;
  setLanguage: (language: Language) => void;
}

const LanguageContext = createContext<LanguageChoice>({ language: "en", setLanguage: () => {} });

/** Keeps the choice in this browser, and tells the document its language. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  // Without a default, which would be kept like a choice.
  const [chosen, setLanguage] = useLocalStorage<Language | undefined>({
    key: "nest-haus-language",
    getInitialValueInEffect: false,
    deserialize: parseLanguage,
    serialize: (choice) => choice ?? "",
  });
  const language = chosen ?? preferredLanguage(navigator.languages);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choice = useMemo(() => ({ language, setLanguage }), [language, setLanguage]);
  return <LanguageContext value={choice}>{children}</LanguageContext>;
}

/** The language chosen, and how to choose another. */
export function useLanguage(): LanguageChoice {
  return useContext(LanguageContext);
}

/** The first language of a browser's list that the dashboard speaks; English otherwise. */
export function preferredLanguage(tags: readonly string[]): Language {
  for (const tag of tags) {
    const language = parseLanguage(tag.slice(0, 2).toLowerCase());
    if (language) return language;
  }
  return "en";
}

function parseLanguage(text: string | undefined): Language | undefined {
  return text === "de" || text === "en" ? text : undefined;
}
