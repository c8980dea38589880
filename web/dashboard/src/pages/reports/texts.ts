// Texts of the page of kept reports.

import { defineTexts } from "../../i18n/texts";

/** Texts of the page of kept reports. */
export const texts = defineTexts({
  en: {
    description:
      "Reports that were made when a day, week or month was over, and kept as they were.",
    kind: "Kind",
    all: "All",
    kinds: {
      "daily-summary": "Daily summary",
      "weekly-customer-behaviour": "Customer behaviour of the week",
      "monthly-revenue-conversion": "Revenue and conversion of the month",
    },
    shortKinds: {
      "daily-summary": "Day",
      "weekly-customer-behaviour": "Week",
      "monthly-revenue-conversion": "Month",
    },
    period: "Period",
    made: "Made",
    zone: "Time zone",
    open: "Open",
    openReport: (kind: string, period: string) => `Open ${kind}, ${period}`,
    none: "No report is kept yet",
    noneHint:
      "Jobs make them when a day, week or month is over. Run one by hand on the page of jobs, or wait for tonight.",
    toJobs: "To the jobs",
    back: "All reports",
    keptText:
      "Made once, when the period was over. Events that came later are in the live reports, not here.",
    headlines: "Headlines",
    noHeadlines: "This report has no headlines that can be shown here. Its sections are below.",
    sections: "Sections",
    sectionsText:
      "Each section is what the live report of that name said. Choose one to read its rows.",
    sectionsAbout:
      "The numbers of a section are those of the live report with the same name, with its definition, for the period and the time zone of this report, as they were when it was made.",
    section: "Section",
    sectionNames: {
      overview: "Overview",
      conversionFunnel: "Funnel",
      popularConfigs: "Popular configurations",
      dataQuality: "Data quality",
      channels: "Channels",
      dropoff: "Drop-off",
      journeys: "Journeys",
      friction: "Friction",
      retention: "Retention",
      attribution: "Attribution",
      priceDistribution: "Prices",
    },
    chooseSection: "Choose a section",
    emptySection: "This section has no rows",
    emptySectionHint: "Nothing of the kind happened in the period.",
    file: "Download",
    sectionFile: "Download section",
    recorded: "Reading a section's rows is recorded in the audit log, as is every download.",
  },
  de: {
    description:
      "Berichte, die gemacht wurden, als ein Tag, eine Woche oder ein Monat vorbei war, und so blieben.",
    kind: "Art",
    all: "Alle",
    kinds: {
      "daily-summary": "Tageszusammenfassung",
      "weekly-customer-behaviour": "Verhalten der Besucher in der Woche",
      "monthly-revenue-conversion": "Umsatz und Konversion im Monat",
    },
    shortKinds: {
      "daily-summary": "Tag",
      "weekly-customer-behaviour": "Woche",
      "monthly-revenue-conversion": "Monat",
    },
    period: "Zeitraum",
    made: "Erstellt",
    zone: "Zeitzone",
    open: "Öffnen",
    openReport: (kind, period) => `${kind} öffnen, ${period}`,
    none: "Noch ist kein Bericht aufbewahrt",
    noneHint:
      "Aufträge erstellen sie, wenn ein Tag, eine Woche oder ein Monat vorbei ist. Starten Sie einen auf der Seite der Aufträge, oder warten Sie bis heute Nacht.",
    toJobs: "Zu den Aufträgen",
    back: "Alle Berichte",
    keptText:
      "Einmal erstellt, als der Zeitraum vorbei war. Später eingetroffene Ereignisse stehen in den laufenden Berichten, nicht hier.",
    headlines: "Wichtigste Zahlen",
    noHeadlines:
      "Dieser Bericht hat keine Zahlen, die hier gezeigt werden können. Seine Abschnitte stehen unten.",
    sections: "Abschnitte",
    sectionsText:
      "Jeder Abschnitt ist, was der laufende Bericht dieses Namens sagte. Wählen Sie einen, um seine Zeilen zu lesen.",
    sectionsAbout:
      "Die Zahlen eines Abschnitts sind die des laufenden Berichts mit demselben Namen, nach dessen Definition, für Zeitraum und Zeitzone dieses Berichts, so wie sie waren, als er entstand.",
    section: "Abschnitt",
    sectionNames: {
      overview: "Überblick",
      conversionFunnel: "Trichter",
      popularConfigs: "Beliebte Konfigurationen",
      dataQuality: "Datenqualität",
      channels: "Kanäle",
      dropoff: "Ausstiege",
      journeys: "Wege",
      friction: "Reibung",
      retention: "Wiederkehr",
      attribution: "Zurechnung",
      priceDistribution: "Preise",
    },
    chooseSection: "Abschnitt wählen",
    emptySection: "Dieser Abschnitt hat keine Zeilen",
    emptySectionHint: "Im Zeitraum geschah nichts davon.",
    file: "Herunterladen",
    sectionFile: "Abschnitt herunterladen",
    recorded:
      "Das Lesen der Zeilen eines Abschnitts steht im Prüfprotokoll, wie jedes Herunterladen.",
  },
});
