// What a reader of a report must know, by code.

import type { Schema } from "@nest-haus/api";
import { defineTexts } from "../i18n/texts";

type Words = Readonly<Record<Schema<"MetaWarning">["code"], string>>;

const en: Words = {
  everybody_counts: "Everybody counts, whatever the population.",
  no_confirmed_order:
    "No order is confirmed: completed configurations and claims of payment count.",
  times_approximate: "Times between steps are exact to 2.2 %.",
  attempts_incomplete: "Attempts that have time left are in the steps.",
  visitors_by_consent: "Visitors are known only where they agreed to be.",
  next_from_sample: "What came next is told from at most 100 cases a step.",
  whole_utc_days_of_everybody:
    "Whole days in UTC are counted, of every visitor, whatever the population.",
  dead_clicks_by_client: "Dead clicks are those that the browser reports: only it sees the page.",
  days_to_recount: "Days with new events are about to be counted anew.",
  no_conversion: "No visit of the period converted: removal effects are unknown.",
  older_cohorts_longer: "Older cohorts had more time to return.",
  redis_unavailable: "The queue cannot be reached: sessions that are not yet stored are missing.",
  database_unavailable: "The database cannot be reached: the lag is unknown.",
  latest_sessions_only: "Pages and devices are those of the latest 500 sessions.",
  front_end_two_visits:
    "A visitor of today's front end who begins to configure counts as two visits.",
  leads_claimed: "Leads are forms that the browser says were sent, until inquiries are stored.",
  associations_only: "Differences in conversion are associations, not effects.",
  unknown_counts_as_shown:
    "Sessions that did not say what they were shown count as shown everything.",
  first_events_only: "The session has more events than a journey covers: the first 50,000.",
};

const de: Words = {
  everybody_counts: "Alle zählen, wer auch immer sonst gezählt wird.",
  no_confirmed_order:
    "Keine Bestellung ist bestätigt: es zählen abgeschlossene Konfigurationen und gemeldete Zahlungen.",
  times_approximate: "Zeiten zwischen Schritten sind auf 2,2 % genau.",
  attempts_incomplete: "Versuche, denen noch Zeit bleibt, sind in den Schritten enthalten.",
  visitors_by_consent: "Besucher sind nur bekannt, wo sie zustimmten.",
  next_from_sample: "Was danach kam, stammt aus höchstens 100 Fällen je Schritt.",
  whole_utc_days_of_everybody:
    "Gezählt werden ganze Tage in UTC, von allen Besuchern, wer auch immer sonst gezählt wird.",
  dead_clicks_by_client: "Tote Klicks meldet der Browser: nur er sieht die Seite.",
  days_to_recount: "Tage mit neuen Ereignissen werden gleich neu gezählt.",
  no_conversion: "Kein Besuch des Zeitraums konvertierte: Wegfall-Effekte sind unbekannt.",
  older_cohorts_longer: "Ältere Kohorten hatten mehr Zeit wiederzukommen.",
  redis_unavailable:
    "Die Warteschlange ist nicht erreichbar: noch nicht gespeicherte Sitzungen fehlen.",
  database_unavailable: "Die Datenbank ist nicht erreichbar: der Verzug ist unbekannt.",
  latest_sessions_only: "Seiten und Geräte sind die der letzten 500 Sitzungen.",
  front_end_two_visits:
    "Ein Besucher der heutigen Website, der zu konfigurieren beginnt, zählt als zwei Besuche.",
  leads_claimed:
    "Anfragen sind Formulare, die der Browser als gesendet meldet, bis Anfragen selbst gespeichert werden.",
  associations_only: "Unterschiede in der Konversion sind Zusammenhänge, keine Wirkungen.",
  unknown_counts_as_shown:
    "Sitzungen, die nicht sagten, was sie sahen, zählen, als hätten sie alles gesehen.",
  first_events_only:
    "Die Sitzung hat mehr Ereignisse, als eine Journey umfasst: die ersten 50.000.",
};

/** What a reader of a report must know, by code. */
export const warningTexts = defineTexts<Words>({ en, de });
