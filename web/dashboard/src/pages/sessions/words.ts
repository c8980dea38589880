// The words that the pages about single sessions share: statuses, channels, populations, levels.

import { useMemo } from "react";
import { common } from "../../i18n/common";
import { defineTexts, useTexts } from "../../i18n/texts";

/** What a session may be, from nothing more than there to paid; the words of the API. */
export const STATUSES = ["ACTIVE", "ABANDONED", "IN_CART", "COMPLETED", "CONVERTED"] as const;

/** Where visits may come from; the words of the API. */
export const CHANNELS = [
  "direct",
  "organic_search",
  "paid_search",
  "organic_social",
  "paid_social",
  "email",
  "referral",
  "campaign",
  "display",
  "affiliate",
] as const;

/** The devices that can be filtered by; the words of the API. */
export const DEVICES = ["desktop", "mobile", "tablet", "unknown"] as const;

const STEPS = ["visit", "configuration", "cart", "completion", "order"] as const;

const wordTexts = defineTexts({
  en: {
    statuses: {
      ACTIVE: "Open",
      ABANDONED: "Left",
      IN_CART: "In the cart",
      COMPLETED: "Completed",
      CONVERTED: "Ordered",
    },
    channels: {
      direct: "Direct",
      organic_search: "Search",
      paid_search: "Paid search",
      organic_social: "Social media",
      paid_social: "Paid social media",
      email: "E-mail",
      referral: "Referral",
      campaign: "Campaign",
      display: "Display",
      affiliate: "Affiliate",
    },
    populations: {
      eligible: "Person",
      bot: "Robot",
      internal: "Own people",
      no_consent: "No consent",
    },
    unknown: "Unknown",
  },
  de: {
    statuses: {
      ACTIVE: "Offen",
      ABANDONED: "Gegangen",
      IN_CART: "Im Warenkorb",
      COMPLETED: "Abgeschlossen",
      CONVERTED: "Bestellt",
    },
    channels: {
      direct: "Direkt",
      organic_search: "Suche",
      paid_search: "Bezahlte Suche",
      organic_social: "Soziale Medien",
      paid_social: "Bezahlte soziale Medien",
      email: "E-Mail",
      referral: "Verweis",
      campaign: "Kampagne",
      display: "Display",
      affiliate: "Partner",
    },
    populations: {
      eligible: "Person",
      bot: "Roboter",
      internal: "Eigene Leute",
      no_consent: "Ohne Einwilligung",
    },
    unknown: "Unbekannt",
  },
});

/** How words of the API are said to a reader. Those that nobody knows are said as they are. */
export interface Words {
  status(word: string): string;
  channel(word: string): string;
  device(word: string | null | undefined): string;
  population(word: string): string;
  /** How far a visit came in the configurator funnel: 1 to 5. */
  level(level: number): string;
}

/** The words in the language chosen. */
export function useWords(): Words {
  const t = useTexts(wordTexts);
  const shared = useTexts(common);
  return useMemo(
    () => ({
      status: sayer(t.statuses),
      channel: sayer(t.channels),
      device: (word) => deviceName(word, { ...shared.device, unknown: t.unknown }, shared.notSet),
      population: sayer(t.populations),
      level: (level) => shared.step[STEPS[level - 1] ?? "visit"],
    }),
    [t, shared],
  );
}

function sayer(words: Readonly<Record<string, string>>): (word: string) => string {
  return (word) => words[word] ?? word;
}

function deviceName(
  word: string | null | undefined,
  names: Readonly<Record<string, string>>,
  notSet: string,
): string {
  return word == null ? notSet : (names[word] ?? word);
}
