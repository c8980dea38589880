// What the rules of alerts mean, for readers.

import { defineTexts } from "../../i18n/texts";

/** Names of rules, what is wrong when they fire, and what their threshold means. */
export const ruleTexts = defineTexts({
  en: {
    api_latency: {
      wrong: "Answers are slow",
      means:
        "What 95 of 100 answers took at most, jobs left out, in five minutes. Alerts name the slowest endpoints.",
    },
    database_latency: {
      wrong: "The database is slow",
      means: "What 95 of 100 statements of requests took at most, in five minutes.",
    },
    redis_latency: {
      wrong: "Redis is slow",
      means: "What 95 of 100 Redis operations of requests took at most, in five minutes.",
    },
    configurator_load: {
      wrong: "The configurator loads slowly",
      means: "What three of four loads of the configurator took at most, in the last hour.",
    },
    error_rate: {
      wrong: "Requests fail",
      means: "The share of answers with a status of 500 or above, in five minutes.",
    },
    error_budget: {
      wrong: "The error budget burns too fast",
      means:
        "How fast the budget of 99.9 % good answers burns. 1 is 14.4 times too fast over one hour and over five minutes, or 6 times over six hours and over 30 minutes.",
    },
    queue_age: {
      wrong: "Events wait too long in the queue",
      means: "How long the oldest entry of a queue has waited.",
    },
    queue_fill: {
      wrong: "The queue fills up",
      means:
        "How full a queue is, by entries or by bytes, whichever is more. A full queue refuses.",
    },
    dead_letters: {
      wrong: "Events could not be stored",
      means: "Events that the database refused and that nobody has sent again.",
    },
    job_missed: {
      wrong: "A job does not run",
      means: "Runs of a job that were due and did not happen, or failed.",
    },
    price_mismatch: {
      wrong: "Pages show wrong prices",
      means: "Configurations of the last hour whose page showed another price than the catalogue.",
    },
    ledger_loss: {
      wrong: "Events get lost",
      means:
        "The share of numbered events of which nothing is known, of sessions of the last 24 hours that are closed.",
    },
    dependency: {
      wrong: "A service is out of reach",
      means: "PostgreSQL or Redis does not answer.",
    },
    notification_failed: {
      wrong: "Notifications do not arrive",
      means: "Messages to administrators that were given up in the last 24 hours.",
    },
    anomaly: {
      wrong: "A number is far from what is usual",
      means:
        "How far sessions, conversions or inquiries of the last hour or day are from the same hour of 28 days, or the same weekday of eight weeks (robust z-score), where they moved by half or more.",
    },
    drop_to_zero: {
      wrong: "A number dropped to zero",
      means:
        "Sessions, conversions or inquiries of the last hour or day are none, where there usually are 20 or more.",
    },
  },
  de: {
    api_latency: {
      wrong: "Antworten sind langsam",
      means:
        "So lange brauchten 95 von 100 Antworten höchstens, ohne Aufträge, in fünf Minuten. Alarme nennen die langsamsten Endpunkte.",
    },
    database_latency: {
      wrong: "Die Datenbank ist langsam",
      means: "So lange brauchten 95 von 100 Abfragen von Anfragen höchstens, in fünf Minuten.",
    },
    redis_latency: {
      wrong: "Redis ist langsam",
      means:
        "So lange brauchten 95 von 100 Redis-Operationen von Anfragen höchstens, in fünf Minuten.",
    },
    configurator_load: {
      wrong: "Der Konfigurator lädt langsam",
      means:
        "So lange brauchten drei von vier Ladevorgängen des Konfigurators höchstens, in der letzten Stunde.",
    },
    error_rate: {
      wrong: "Anfragen schlagen fehl",
      means: "Der Anteil der Antworten mit einem Status ab 500, in fünf Minuten.",
    },
    error_budget: {
      wrong: "Das Fehlerbudget wird zu schnell aufgebraucht",
      means:
        "Wie schnell das Budget von 99,9 % guten Antworten aufgebraucht wird. 1 heißt: 14,4-mal zu schnell über eine Stunde und über fünf Minuten, oder 6-mal über sechs Stunden und über 30 Minuten.",
    },
    queue_age: {
      wrong: "Ereignisse warten zu lange in der Warteschlange",
      means: "Wie lange der älteste Eintrag einer Warteschlange schon wartet.",
    },
    queue_fill: {
      wrong: "Die Warteschlange läuft voll",
      means:
        "Wie voll eine Warteschlange ist, nach Einträgen oder Bytes, je nachdem, was mehr ist. Eine volle lehnt ab.",
    },
    dead_letters: {
      wrong: "Ereignisse konnten nicht gespeichert werden",
      means: "Ereignisse, die die Datenbank ablehnte und die noch niemand erneut gesendet hat.",
    },
    job_missed: {
      wrong: "Ein Auftrag läuft nicht",
      means: "Läufe eines Auftrags, die fällig waren und nicht stattfanden oder fehlschlugen.",
    },
    price_mismatch: {
      wrong: "Seiten zeigen falsche Preise",
      means:
        "Konfigurationen der letzten Stunde, deren Seite einen anderen Preis zeigte als der Katalog.",
    },
    ledger_loss: {
      wrong: "Ereignisse gehen verloren",
      means:
        "Der Anteil nummerierter Ereignisse, über die nichts bekannt ist, in abgeschlossenen Sitzungen der letzten 24 Stunden.",
    },
    dependency: {
      wrong: "Ein Dienst ist nicht erreichbar",
      means: "PostgreSQL oder Redis antwortet nicht.",
    },
    notification_failed: {
      wrong: "Benachrichtigungen kommen nicht an",
      means: "Nachrichten an Verwalter, die in den letzten 24 Stunden aufgegeben wurden.",
    },
    anomaly: {
      wrong: "Eine Kennzahl weicht stark vom Üblichen ab",
      means:
        "Wie weit Sitzungen, Konversionen oder Anfragen der letzten Stunde oder des letzten Tages von derselben Stunde der letzten 28 Tage oder demselben Wochentag der letzten acht Wochen entfernt sind (robuster z-Wert), wo sie sich um mindestens die Hälfte bewegten.",
    },
    drop_to_zero: {
      wrong: "Eine Kennzahl ist auf null gefallen",
      means:
        "Sitzungen, Konversionen oder Anfragen der letzten Stunde oder des letzten Tages fehlen ganz, wo es sonst 20 oder mehr sind.",
    },
  },
});
