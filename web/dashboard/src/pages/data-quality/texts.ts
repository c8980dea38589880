// Texts of the data quality page.

import { counted, defineTexts } from "../../i18n/texts";

/** Texts of the data quality page. */
export const texts = defineTexts({
  en: {
    description:
      "Whether the numbers can be trusted: what became of every event, whether pages showed the right prices, and which days count otherwise than they did.",
    closed: "Every event is accounted for",
    closedText: "Both ledgers balance: nothing is lost, nothing is counted twice.",
    open: "Not every event is accounted for",
    openText:
      "At least one ledger does not balance. The difference, and what is unknown, stand below.",
    moving:
      "Events kept arriving while this was read; the difference may be of those on their way.",
    queueCut: "The queue was too long to be read to its end: what waits is more than is said here.",
    asOf: (when: string) => `as of ${when}`,
    numbers: "Headline numbers",
    capture: "Capture rate",
    captureText:
      "Events that browsers numbered and of which it is known what became (stored or knowingly refused), of all that they numbered. Since the ledger began, whatever period is chosen.",
    unknown: "Of which nothing is known",
    unknownText:
      "Numbered events that browsers sent or claim to have, and that never arrived, added up tab by tab. Since the ledger began.",
    overcounted: (count: string) => `${count} counted more often than numbered`,
    unnumbered: "Without a number",
    unnumberedText: "Stored events without a client's number: their loss could not be noticed.",
    direct: (count: string) => `${count} came past the queue`,
    prices: "Wrong prices",
    pricesText:
      "Configurations whose page showed another price than the catalogue, of all that showed one, in the period.",
    transmissions: "What became of transmissions",
    transmissionsText:
      "Every event in an accepted request, counted on arrival, is stored, refused, a repetition, a dead letter, or in the queue. Since the ledger began, whatever period is chosen.",
    sequences: "What became of numbered events",
    sequencesText:
      "Every event that a browser numbered is stored, given up by the browser, refused, a dead letter, erased on request, on its way, or unknown. Since the ledger began, whatever period is chosen.",
    notStored: (about: string) => `${about}: the part that is not stored`,
    holds: "The sum is right",
    differs: (count: string) => `The sum is off by ${count}`,
    allKnown: "Nothing is unknown",
    someUnknown: (count: string) => `Of ${count} nothing is known`,
    terms: {
      received: "Received",
      stored: "Stored",
      rejected: "Refused",
      duplicate: "Repeated",
      dead: "Dead letters",
      queued: "In the queue",
      difference: "Difference",
      emitted: "Numbered",
      droppedLocal: "Given up by browsers",
      erased: "Erased",
      inFlight: "On their way",
      unknown: "Unknown",
      overcounted: "Counted too often",
    },
    term: "What became of them",
    events: "Events",
    unbalanced: "Sessions whose ledger does not agree with their rows",
    session: "One session",
    sessionText:
      "What became of the events of one session, by tab. Its id is in the list of sessions.",
    sessionId: "Session id",
    sessionNone: "No event of this session ever arrived.",
    openSession: "Open the session",
    tab: "Tab",
    unaccountable: (count: string) =>
      counted(count, "stored event has no number.", "stored events have no number."),
    priceChecks: "Prices that pages showed",
    priceChecksText:
      "Configurations in the period, by whether the price that the page sent is the catalogue's. A wrong price is an incident, except with the concept check alone in the cart.",
    check: "Price",
    checks: {
      matching: "Right",
      outdated: "Of a list that was followed within a day",
      mismatched: "Wrong",
      mismatchedConceptCheck: "of these with the concept check alone",
      unclaimed: "Page sent no price",
      unpriced: "Before there was a price list",
      snapshots: "All",
    },
    configurations: "Configurations",
    examples: "Latest wrong prices",
    occurred: "When",
    shown: "Page showed",
    right: "Right",
    list: "Price list",
    trigger: "At",
    noExamples: "No page showed a wrong price in this period.",
    restatements: "Days that late events changed",
    restatementsText:
      "Days of the period whose visits were counted anew since events came late, the latest first, at most 50.",
    restatedTotal: (count: string) =>
      counted(count, "restatement in this period.", "restatements in this period."),
    restatedOnce: "1 restatement in this period.",
    noRestatements: "No day of this period was counted anew.",
    day: "Day (UTC)",
    restated: "Counted anew",
    before: "Visits before",
    after: "Visits since",
  },
  de: {
    description:
      "Ob den Zahlen zu trauen ist: was aus jedem Ereignis wurde, ob Seiten die richtigen Preise zeigten, und welche Tage anders zählen als zuvor.",
    closed: "Der Verbleib jedes Ereignisses ist bekannt",
    closedText: "Beide Bilanzen gehen auf: nichts ist verloren, nichts doppelt gezählt.",
    open: "Nicht von jedem Ereignis ist der Verbleib bekannt",
    openText:
      "Mindestens eine Bilanz geht nicht auf. Die Differenz und das Unbekannte stehen unten.",
    moving: "Während des Lesens kamen Ereignisse an; die Differenz kann von ihnen stammen.",
    queueCut:
      "Die Warteschlange war zu lang, um sie ganz zu lesen: es wartet mehr, als hier steht.",
    asOf: (when) => `Stand ${when}`,
    numbers: "Kennzahlen",
    capture: "Erfassungsrate",
    captureText:
      "Ereignisse, die Browser nummerierten und deren Verbleib bekannt ist (gespeichert oder wissentlich abgelehnt), von allen nummerierten. Seit Beginn der Bilanz, unabhängig vom Zeitraum.",
    unknown: "Verbleib unbekannt",
    unknownText:
      "Nummerierte Ereignisse, die Browser sendeten oder zu haben behaupten und die nie ankamen, Tab für Tab zusammengezählt. Seit Beginn der Bilanz.",
    overcounted: (count) => `${count} öfter gezählt als nummeriert`,
    unnumbered: "Ohne Nummer",
    unnumberedText:
      "Gespeicherte Ereignisse ohne Nummer des Browsers: ihr Verlust wäre nicht zu bemerken.",
    direct: (count) =>
      counted(count, "kam an der Warteschlange vorbei", "kamen an der Warteschlange vorbei"),
    prices: "Falsche Preise",
    pricesText:
      "Konfigurationen, deren Seite einen anderen Preis zeigte als der Katalog, von allen mit Preis, im Zeitraum.",
    transmissions: "Was aus Übertragungen wurde",
    transmissionsText:
      "Jedes Ereignis einer angenommenen Anfrage, bei Ankunft gezählt, ist gespeichert, abgelehnt, eine Wiederholung, ein toter Brief oder in der Warteschlange. Seit Beginn der Bilanz, unabhängig vom Zeitraum.",
    sequences: "Was aus nummerierten Ereignissen wurde",
    sequencesText:
      "Jedes Ereignis, das ein Browser nummerierte, ist gespeichert, vom Browser aufgegeben, abgelehnt, ein toter Brief, auf Verlangen gelöscht, unterwegs oder unbekannt. Seit Beginn der Bilanz, unabhängig vom Zeitraum.",
    notStored: (about) => `${about}: der nicht gespeicherte Teil`,
    holds: "Die Summe stimmt",
    differs: (count) => `Die Summe weicht um ${count} ab`,
    allKnown: "Nichts ist unbekannt",
    someUnknown: (count) => `Von ${count} ist nichts bekannt`,
    terms: {
      received: "Empfangen",
      stored: "Gespeichert",
      rejected: "Abgelehnt",
      duplicate: "Wiederholt",
      dead: "Tote Briefe",
      queued: "In der Warteschlange",
      difference: "Differenz",
      emitted: "Nummeriert",
      droppedLocal: "Von Browsern aufgegeben",
      erased: "Gelöscht",
      inFlight: "Unterwegs",
      unknown: "Unbekannt",
      overcounted: "Zu oft gezählt",
    },
    term: "Was aus ihnen wurde",
    events: "Ereignisse",
    unbalanced: "Sitzungen, deren Bilanz nicht zu ihren Zeilen passt",
    session: "Eine Sitzung",
    sessionText:
      "Was aus den Ereignissen einer Sitzung wurde, nach Tab. Ihre ID steht in der Liste der Sitzungen.",
    sessionId: "Sitzungs-ID",
    sessionNone: "Von dieser Sitzung kam nie ein Ereignis an.",
    openSession: "Sitzung öffnen",
    tab: "Tab",
    unaccountable: (count) =>
      counted(
        count,
        "gespeichertes Ereignis hat keine Nummer.",
        "gespeicherte Ereignisse haben keine Nummer.",
      ),
    priceChecks: "Preise, die Seiten zeigten",
    priceChecksText:
      "Konfigurationen des Zeitraums danach, ob der von der Seite gesendete Preis der des Katalogs ist. Ein falscher Preis ist ein Vorfall, außer mit dem Konzeptcheck allein im Warenkorb.",
    check: "Preis",
    checks: {
      matching: "Richtig",
      outdated: "Aus einer Liste, der binnen eines Tages eine neue folgte",
      mismatched: "Falsch",
      mismatchedConceptCheck: "davon mit dem Konzeptcheck allein",
      unclaimed: "Seite sendete keinen Preis",
      unpriced: "Bevor es eine Preisliste gab",
      snapshots: "Alle",
    },
    configurations: "Konfigurationen",
    examples: "Letzte falsche Preise",
    occurred: "Wann",
    shown: "Seite zeigte",
    right: "Richtig",
    list: "Preisliste",
    trigger: "Bei",
    noExamples: "In diesem Zeitraum zeigte keine Seite einen falschen Preis.",
    restatements: "Tage, die verspätete Ereignisse änderten",
    restatementsText:
      "Tage des Zeitraums, deren Besuche wegen verspäteter Ereignisse neu gezählt wurden, die letzten zuerst, höchstens 50.",
    restatedTotal: (count) =>
      counted(count, "Neuzählung in diesem Zeitraum.", "Neuzählungen in diesem Zeitraum."),
    restatedOnce: "1 Neuzählung in diesem Zeitraum.",
    noRestatements: "Kein Tag dieses Zeitraums wurde neu gezählt.",
    day: "Tag (UTC)",
    restated: "Neu gezählt",
    before: "Besuche vorher",
    after: "Besuche seither",
  },
});
