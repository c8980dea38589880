// Texts of the overview.

import { counted, defineTexts } from "../../i18n/texts";

/** Texts of the overview. */
export const texts = defineTexts({
  en: {
    description: "How the shop is doing: now, in this period, and against the period before.",
    live: {
      title: "Right now",
      active: "Active now",
      activeText:
        "Different sessions with activity within the last five minutes, whatever period is chosen. Right even while events still wait in the queue.",
      configuring: "Configuring now",
      configuringText:
        "Of those, sessions with a choice or a configuration; at most 100 are listed.",
      queue: "Events waiting",
      queueText:
        "Requests that are accepted and not yet stored. They are safe; history does not count them yet.",
      who: "See who is configuring, and what",
      oldest: (age: string) => `the oldest came ${age}`,
      stale: "The live numbers are older than a minute",
      open: "Open the live page",
    },
    numbers: "Headline numbers",
    visits: "Visits",
    visitsText:
      "Runs of activity of one visitor without a pause of more than 30 minutes. A visit counts in the period that it began in.",
    visitsDetail: (configuring: string) => `${configuring} with a selection`,
    micro: "Cart or completed",
    microText:
      "Visits that put something into the cart or completed a configuration, of all visits. The interval is Wilson's, at 95 %.",
    lead: "Inquiry",
    leadText: "Visits that asked the maker something, of all visits.",
    macro: "Order",
    macroText:
      "Visits with a confirmed paid order, of all visits. What browsers claim does not count.",
    revenue: "Net revenue",
    revenueText:
      "What was captured less what was refunded, recognised when it was paid, and counted for those whose visit counts.",
    revenueDetail: (orders: string, average: string) =>
      `${counted(orders, "order", "orders")}, ${average} on average`,
    bounce: "Bounce rate",
    bounceText:
      "Visits with fewer than two pages, without any deed and with less than ten seconds of attention, of all visits.",
    duration: "Median duration",
    durationText:
      "Half of the visits last at most this long: from the first to the last activity, and the attention after it.",
    durationDetail: (p90: string) => `nine of ten at most ${p90}`,
    capture: "Capture rate",
    captureText:
      "Events that browsers numbered and of which it is known what became (stored or knowingly refused), of all that they numbered.",
    series: "Visits over time",
    seriesText:
      "Visits by when they began; the dashed line is the period compared with. A hollow point is not a whole hour, day, week or month.",
    now: "This period",
    before: "Compared period",
    incomplete: "incomplete",
    at: "Time",
    money: "Funnel and drop-off",
    dropText:
      "Visits that left without an order, by the last step that they came to, of those who came to that step.",
    step: "Step",
    reached: "Reached",
    left: "Left there",
    levels: "Who goes on and who leaves, step by step",
    wentOn: "Went on or ordered",
    popular: "Top configurations",
    popularText:
      "Final configurations, one vote a session, ordered by the lower bound of their share. The price is the median of what it cost. Converted are those whose session put something into the cart or completed.",
    size: "Size",
    choices: "Choices",
    votes: "Sessions",
    price: "Price",
    conversion: "Converted",
    trending: "rising",
    none: "Nobody was here in this period",
    noneHint:
      "If the tracker is new, look at the data quality page: there every event shows that arrived. To try the dashboard, fill the database with simulated visitors:",
    longer: "Look at 90 days",
  },
  de: {
    description: "Wie es dem Shop geht: jetzt, in diesem Zeitraum und gegenüber dem davor.",
    live: {
      title: "Gerade jetzt",
      active: "Jetzt aktiv",
      activeText:
        "Verschiedene Sitzungen mit einer Aktivität in den letzten fünf Minuten, unabhängig vom Zeitraum. Stimmt auch, während Ereignisse noch in der Warteschlange stehen.",
      configuring: "Konfigurieren gerade",
      configuringText:
        "Davon Sitzungen mit einer Auswahl oder einer Konfiguration; höchstens 100 werden aufgezählt.",
      queue: "Wartende Ereignisse",
      queueText:
        "Angenommene Anfragen, die noch nicht gespeichert sind. Sie sind sicher; die Vergangenheit zählt sie noch nicht.",
      who: "Sehen, wer was konfiguriert",
      oldest: (age) => `das älteste kam ${age}`,
      stale: "Die Live-Zahlen sind älter als eine Minute",
      open: "Live-Seite öffnen",
    },
    numbers: "Kennzahlen",
    visits: "Besuche",
    visitsText:
      "Aktivität einer Person ohne Pause von mehr als 30 Minuten. Ein Besuch zählt in dem Zeitraum, in dem er begann.",
    visitsDetail: (configuring) => `${configuring} mit einer Auswahl`,
    micro: "Warenkorb oder Abschluss",
    microText:
      "Besuche, die etwas in den Warenkorb legten oder eine Konfiguration abschlossen, von allen Besuchen. Das Intervall ist das von Wilson, mit 95 %.",
    lead: "Anfrage",
    leadText: "Besuche, die den Hersteller etwas fragten, von allen Besuchen.",
    macro: "Bestellung",
    macroText:
      "Besuche mit einer bestätigten, bezahlten Bestellung, von allen Besuchen. Was Browser behaupten, zählt nicht.",
    revenue: "Nettoumsatz",
    revenueText:
      "Eingegangenes weniger Erstattetes, gezählt, wenn es bezahlt wurde, und für die, deren Besuch zählt.",
    revenueDetail: (orders, average) =>
      `${counted(orders, "Bestellung", "Bestellungen")}, im Mittel ${average}`,
    bounce: "Absprungrate",
    bounceText:
      "Besuche mit weniger als zwei Seiten, ohne Handlung und mit weniger als zehn Sekunden Aufmerksamkeit, von allen Besuchen.",
    duration: "Mediane Dauer",
    durationText:
      "Die Hälfte der Besuche dauert höchstens so lange: von der ersten bis zur letzten Aktivität, und die Aufmerksamkeit danach.",
    durationDetail: (p90) => `neun von zehn höchstens ${p90}`,
    capture: "Erfassungsrate",
    captureText:
      "Ereignisse, die Browser nummerierten und deren Verbleib bekannt ist (gespeichert oder wissentlich abgelehnt), von allen nummerierten.",
    series: "Besuche im Zeitverlauf",
    seriesText:
      "Besuche nach ihrem Beginn; gestrichelt der Vergleichszeitraum. Ein hohler Punkt ist keine ganze Stunde, kein ganzer Tag, keine ganze Woche, kein ganzer Monat.",
    now: "Dieser Zeitraum",
    before: "Vergleichszeitraum",
    incomplete: "unvollständig",
    at: "Zeit",
    money: "Trichter und Abbrüche",
    dropText:
      "Besuche, die ohne Bestellung gingen, nach dem letzten Schritt, den sie erreichten, von allen, die diesen Schritt erreichten.",
    step: "Schritt",
    reached: "Erreicht",
    left: "Dort gegangen",
    levels: "Wer weitergeht und wer geht, Schritt für Schritt",
    wentOn: "Weiter oder bestellt",
    popular: "Häufigste Konfigurationen",
    popularText:
      "Letzte Konfigurationen, eine Stimme je Sitzung, geordnet nach der unteren Grenze ihres Anteils. Der Preis ist der Median dessen, was sie kostete. Konvertiert sind jene, deren Sitzung etwas in den Warenkorb legte oder abschloss.",
    size: "Größe",
    choices: "Auswahl",
    votes: "Sitzungen",
    price: "Preis",
    conversion: "Konvertiert",
    trending: "steigend",
    none: "In diesem Zeitraum war niemand da",
    noneHint:
      "Ist der Tracker neu, dann sehen Sie bei der Datenqualität nach: dort zeigt sich jedes Ereignis, das ankam. Zum Ausprobieren füllen Sie die Datenbank mit simulierten Besuchen:",
    longer: "90 Tage ansehen",
  },
});
