// Texts of the retention page.

import { defineTexts } from "../../i18n/texts";

/** Texts of the retention page. */
export const texts = defineTexts({
  en: {
    description:
      "Who comes back, and when: visitors by the period of their first visit, and how long they take to ask and to order.",
    interval: "Cohorts by",
    intervals: { week: "Week", month: "Month", day: "Day" },
    periodNames: { week: "Week", month: "Month", day: "Day" },
    start: "Starts with",
    return: "Returns with",
    deeds: {
      visit: "A visit",
      configuration: "A configuration",
      cart: "A cart",
      completion: "A completion",
    },
    criterion: "Counts as returned",
    criteria: { on: "In that period", on_or_after: "In it or later" },
    mode: "Belongs to",
    modes: { first: "First start only", recurring: "Every start" },
    counting: "Periods",
    countings: { calendar: "Of the calendar", "24h": "24 hours from the start" },
    breakdown: "Break down by",
    breakdowns: { none: "Nothing", device: "Device", channel: "Channel", country: "Country" },
    periods: "Look ahead",
    periodCounts: { "6": "6 periods", "12": "12 periods", "24": "24 periods" },
    segment: "Show",
    everybody: "All visitors",
    numbers: "Headline numbers",
    returned: (period: string) => `Back in ${period}`,
    returnedText:
      "Of the visitors whose cohort is old enough, those who returned in that period after their start. A visitor belongs to the cohort of the first start of all, even if the range begins later. The interval is Wilson's, at 95 %.",
    consent: "Visits that can be recognised",
    consentText:
      "Visits of visitors who agreed to be known again, of all visits: only they can be seen to return. Rates here are of them alone.",
    grid: "Cohorts",
    gridText:
      "Each row is the visitors who started in one period; each column how many periods later. A cell says what share returned, and how many. A dash is a period that is not over for everybody in the cohort: no mean counts it, and columns without any cell that is over are left out. Shading repeats the number.",
    gridHint: "Point at a cell, or move with the arrow keys, to read it in full.",
    cohort: "Cohort",
    visitors: "Visitors",
    cut: "cut by the range",
    pooled: "Pooled mean",
    simple: "Simple mean",
    cell: (cohort: string, period: string, counts: string, share: string, interval: string) =>
      `${cohort}, ${period}: ${counts} came back, ${share} (95 % interval ${interval})`,
    open: (cohort: string, period: string) => `${cohort}, ${period}: not over yet`,
    few: "Fewer than 30 cases.",
    csv: "Download cohorts as CSV",
    period: "Period",
    share: "Share",
    count: "Returned",
    low: "Interval from",
    high: "Interval to",
    curve: "Share that returns, period by period",
    curveText:
      "The pooled mean of all cohorts that are old enough, by periods after the start. The dashed line is the period compared with.",
    now: "This period",
    before: "Compared period",
    curves: {
      returnToConfigure: "Until they configure again",
      timeToInquiry: "Until they ask",
      timeToOrder: "Until they order",
    },
    curvesText: {
      returnToConfigure:
        "Of visitors who configured, the share that configured again in a later visit by then. Who was not watched long enough counts only as long as they were (Kaplan-Meier).",
      timeToInquiry:
        "Of visitors, the share that asked the maker something by then, from the first visit on. Who was not watched long enough counts only as long as they were (Kaplan-Meier).",
      timeToOrder:
        "Of visitors, the share that ordered by then, from the first visit on. Who was not watched long enough counts only as long as they were (Kaplan-Meier).",
    },
    nobody: (watched: string) => `It has happened to none of the ${watched} visitors watched.`,
    happened: (count: string, watched: string) => `${count} of ${watched}`,
    median: (time: string) => `half by ${time}`,
    noMedian: "not half so far",
    logRank: {
      clear: (p: string) => `The segments differ clearly (log-rank test, p = ${p}).`,
      chance: (p: string) =>
        `The segments differ no more than chance allows (log-rank test, p = ${p}).`,
    },
    day: "Day",
    time: "Time since start",
    value: "Segment",
    atRisk: "Still watched",
    events: "Happened",
    reached: "Reached",
    none: "No visitors who can be recognised",
    noneHint:
      "Only visitors who agreed to be known again can be seen to return. Choose a longer period, or begin with an ordinary visit instead of a cart or a completion.",
    longer: "Look at 90 days",
  },
  de: {
    description:
      "Wer wiederkommt und wann: Personen nach dem Zeitraum ihres ersten Besuchs, und wie lange sie brauchen, bis sie anfragen und bestellen.",
    interval: "Kohorten je",
    intervals: { week: "Woche", month: "Monat", day: "Tag" },
    periodNames: { week: "Woche", month: "Monat", day: "Tag" },
    start: "Beginnt mit",
    return: "Kehrt wieder mit",
    deeds: {
      visit: "Besuch",
      configuration: "Konfiguration",
      cart: "Warenkorb",
      completion: "Abschluss",
    },
    criterion: "Wiedergekehrt ist",
    criteria: { on: "Wer in der Periode kam", on_or_after: "Wer in ihr oder danach kam" },
    mode: "Gehört zu",
    modes: { first: "Nur dem ersten Beginn", recurring: "Jedem Beginn" },
    counting: "Perioden",
    countings: { calendar: "Des Kalenders", "24h": "24 Stunden ab Beginn" },
    breakdown: "Aufteilen nach",
    breakdowns: { none: "Nichts", device: "Gerät", channel: "Kanal", country: "Land" },
    periods: "Ausblick",
    periodCounts: { "6": "6 Perioden", "12": "12 Perioden", "24": "24 Perioden" },
    segment: "Zeigen",
    everybody: "Alle Personen",
    numbers: "Kennzahlen",
    returned: (period) => `Wieder da: ${period}`,
    returnedText:
      "Von den Personen, deren Kohorte alt genug ist, jene, die in dieser Periode nach ihrem Beginn wiederkamen. Wer wann begann, richtet sich nach dem allerersten Beginn, auch wenn der Zeitraum später anfängt. Das Intervall ist das von Wilson, mit 95 %.",
    consent: "Wiedererkennbare Besuche",
    consentText:
      "Besuche von Personen, die dem Wiedererkennen zustimmten, von allen Besuchen: nur bei ihnen ist eine Wiederkehr zu sehen. Die Raten hier betreffen nur sie.",
    grid: "Kohorten",
    gridText:
      "Jede Zeile sind die Personen, die in derselben Periode begannen; jede Spalte sagt, wie viele Perioden später. Eine Zelle nennt den Anteil der Wiedergekehrten und ihre Zahl. Ein Strich ist eine Periode, die noch nicht für alle der Kohorte vorbei ist: kein Mittel zählt sie, und Spalten ganz ohne vergangene Zellen fehlen. Die Tönung wiederholt die Zahl.",
    gridHint:
      "Zeigen Sie auf eine Zelle, oder gehen Sie mit den Pfeiltasten, um sie ganz zu lesen.",
    cohort: "Kohorte",
    visitors: "Personen",
    cut: "vom Zeitraum beschnitten",
    pooled: "Gewichtetes Mittel",
    simple: "Einfaches Mittel",
    cell: (cohort, period, counts, share, interval) =>
      `${cohort}, ${period}: ${counts} kamen wieder, ${share} (95-%-Intervall ${interval})`,
    open: (cohort, period) => `${cohort}, ${period}: noch nicht vorbei`,
    few: "Weniger als 30 Fälle.",
    csv: "Kohorten als CSV herunterladen",
    period: "Periode",
    share: "Anteil",
    count: "Wiedergekehrt",
    low: "Intervall von",
    high: "Intervall bis",
    curve: "Anteil der Wiederkehrenden, Periode für Periode",
    curveText:
      "Das gewichtete Mittel aller Kohorten, die alt genug sind, nach Perioden seit dem Beginn. Gestrichelt der Vergleichszeitraum.",
    now: "Dieser Zeitraum",
    before: "Vergleichszeitraum",
    curves: {
      returnToConfigure: "Bis wieder konfiguriert wird",
      timeToInquiry: "Bis zur Anfrage",
      timeToOrder: "Bis zur Bestellung",
    },
    curvesText: {
      returnToConfigure:
        "Von den Personen, die konfigurierten, der Anteil, der bis dahin in einem späteren Besuch wieder konfigurierte. Wer nicht lange genug beobachtet wurde, zählt nur so lange (Kaplan-Meier).",
      timeToInquiry:
        "Von den Personen der Anteil, der bis dahin anfragte, ab dem ersten Besuch. Wer nicht lange genug beobachtet wurde, zählt nur so lange (Kaplan-Meier).",
      timeToOrder:
        "Von den Personen der Anteil, der bis dahin bestellte, ab dem ersten Besuch. Wer nicht lange genug beobachtet wurde, zählt nur so lange (Kaplan-Meier).",
    },
    nobody: (watched) => `Es geschah bei keiner der ${watched} beobachteten Personen.`,
    happened: (count, watched) => `${count} von ${watched}`,
    median: (time) => `die Hälfte nach ${time}`,
    noMedian: "noch nicht die Hälfte",
    logRank: {
      clear: (p) => `Die Segmente unterscheiden sich klar (Log-Rank-Test, p = ${p}).`,
      chance: (p) =>
        `Die Segmente unterscheiden sich nicht mehr, als der Zufall erlaubt (Log-Rank-Test, p = ${p}).`,
    },
    day: "Tag",
    time: "Zeit seit Beginn",
    value: "Segment",
    atRisk: "Noch beobachtet",
    events: "Geschehen",
    reached: "Erreicht",
    none: "Keine wiedererkennbaren Personen",
    noneHint:
      "Nur wer dem Wiedererkennen zustimmte, ist beim Wiederkommen zu erkennen. Wählen Sie einen längeren Zeitraum, oder beginnen Sie mit einem gewöhnlichen Besuch statt mit Warenkorb oder Abschluss.",
    longer: "90 Tage ansehen",
  },
});
