// Texts of the live page.

import { counted, defineTexts } from "../../i18n/texts";

/** Texts of the page. */
export const texts = defineTexts({
  en: {
    description:
      "Who is here and who is configuring right now, with their configuration and its price as it changes.",
    every: (seconds: string) => `Update every ${seconds} s`,
    paused: "Paused",
    read: (ago: string) => `Read ${ago}`,
    stale: "These numbers are out of date",
    staleText: (seconds: string) =>
      `They are older than ${seconds} seconds: what is stored lags behind, or the server does not answer. New visitors may be missing.`,
    numbers: "Live numbers",
    active: "Here now",
    activeText: "Sessions with an event in the last five minutes.",
    configuring: "Configuring",
    configuringText:
      "Sessions of the last five minutes that made a choice or have a configuration; at most 100 are listed, the latest activity first.",
    lag: "Until stored",
    lagText:
      "Within this time of their arrival 95 % of the events that were stored in the last 15 minutes were stored.",
    queue: "In the queue",
    queueText: "Events that were accepted and are not stored yet. None are lost: they wait.",
    oldest: (ago: string) => `the oldest arrived ${ago}`,
    empty: "nothing waits",
    byPage: "Here now, by page",
    byPageText: "Active sessions by the page that they came to last.",
    byDevice: "Here now, by device",
    byDeviceText: "Active sessions by device.",
    page: "Page",
    device: "Device",
    sessions: "Sessions",
    nobodyHere: "Nobody is here right now.",
    queues: "Queue by kind",
    queuesText: "Entries that wait to be stored, by stream, and the memory that they take.",
    queueNames: {
      interactions: "Interactions",
      configurations: "Configurations",
      metrics: "Measurements",
    },
    kind: "Kind",
    entries: "Entries",
    bytes: "Size",
    who: "Configuring now",
    sort: "Order",
    sorts: { activity: "Latest activity first", price: "Dearest first" },
    count: (count: string) => counted(count, "session is configuring", "sessions are configuring"),
    showAll: (count: string) => `Show all ${count}`,
    open: "Open session",
    noPrice: "no price yet",
    since: (change: string, time: string) => `${change} since ${time}`,
    onRequest: (categories: string) => `price on request: ${categories}`,
    lastActivity: (ago: string) => `active ${ago}`,
    noConfiguration: "Nothing was chosen yet.",
    priceText:
      "What the latest configuration costs by the price list in force when it was seen. What still waits in the queue counts too.",
    price: "Price",
    nobody: "Nobody is configuring right now",
    nobodyHint:
      "As soon as somebody chooses something in the configurator, it shows here within seconds. Those who were here before are among the sessions.",
    toSessions: "To the sessions",
  },
  de: {
    description:
      "Wer gerade hier ist und wer konfiguriert, mit Konfiguration und Preis, wie sie sich ändern.",
    every: (seconds) => `Alle ${seconds} s neu lesen`,
    paused: "Angehalten",
    read: (ago) => `Gelesen ${ago}`,
    stale: "Diese Zahlen sind veraltet",
    staleText: (seconds) =>
      `Sie sind älter als ${seconds} Sekunden: das Speichern hinkt nach, oder der Server antwortet nicht. Neue Besucher können fehlen.`,
    numbers: "Zahlen von jetzt",
    active: "Jetzt hier",
    activeText: "Sitzungen mit einem Ereignis in den letzten fünf Minuten.",
    configuring: "Konfigurieren",
    configuringText:
      "Sitzungen der letzten fünf Minuten, die etwas wählten oder eine Konfiguration haben; höchstens 100 werden genannt, die mit der letzten Aktivität zuerst.",
    lag: "Bis gespeichert ist",
    lagText:
      "Innerhalb dieser Zeit nach der Ankunft waren 95 % der Ereignisse gespeichert, die in den letzten 15 Minuten gespeichert wurden.",
    queue: "In der Warteschlange",
    queueText:
      "Ereignisse, die angenommen und noch nicht gespeichert sind. Keines ist verloren: sie warten.",
    oldest: (ago) => `das älteste kam ${ago} an`,
    empty: "nichts wartet",
    byPage: "Jetzt hier, nach Seite",
    byPageText: "Aktive Sitzungen nach der Seite, auf die sie zuletzt kamen.",
    byDevice: "Jetzt hier, nach Gerät",
    byDeviceText: "Aktive Sitzungen nach Gerät.",
    page: "Seite",
    device: "Gerät",
    sessions: "Sitzungen",
    nobodyHere: "Gerade ist niemand hier.",
    queues: "Warteschlange nach Art",
    queuesText:
      "Einträge, die darauf warten, gespeichert zu werden, und der Platz, den sie brauchen.",
    queueNames: {
      interactions: "Interaktionen",
      configurations: "Konfigurationen",
      metrics: "Messungen",
    },
    kind: "Art",
    entries: "Einträge",
    bytes: "Größe",
    who: "Wer gerade konfiguriert",
    sort: "Reihenfolge",
    sorts: { activity: "Letzte Aktivität zuerst", price: "Teuerste zuerst" },
    count: (count) => counted(count, "Sitzung konfiguriert", "Sitzungen konfigurieren"),
    showAll: (count) => `Alle ${count} zeigen`,
    open: "Sitzung öffnen",
    noPrice: "noch kein Preis",
    since: (change, time) => `${change} seit ${time}`,
    onRequest: (categories) => `Preis auf Anfrage: ${categories}`,
    lastActivity: (ago) => `aktiv ${ago}`,
    noConfiguration: "Noch wurde nichts gewählt.",
    priceText:
      "Was die letzte Konfiguration nach der Preisliste kostet, die galt, als sie gesehen wurde. Was noch in der Warteschlange steht, zählt mit.",
    price: "Preis",
    nobody: "Gerade konfiguriert niemand",
    nobodyHint:
      "Sobald jemand im Konfigurator etwas wählt, zeigt es sich hier binnen Sekunden. Wer vorher da war, steht unter den Sitzungen.",
    toSessions: "Zu den Sitzungen",
  },
});
