// Texts about dead letters.

import { defineTexts } from "../../i18n/texts";

/** Texts about dead letters. */
export const deadLetterTexts = defineTexts({
  en: {
    title: "Dead letters",
    titleText:
      "Accepted events that the database could not take, and events that were refused on arrival, as long as they are kept and were not sent again. What they hold is not shown.",
    none: "There are no dead letters.",
    dead: (events: number, count: string) =>
      events === 1 ? "1 event is a dead letter." : `${count} events are dead letters.`,
    rejected: (events: number, count: string) =>
      events === 1
        ? "1 event was refused on arrival; its client was told, and it is not sent again."
        : `${count} events were refused on arrival; their clients were told, and they are not sent again.`,
    reasons: "Why events were not stored",
    letters: "Events that were not stored, the newest first",
    stage: "Found",
    stages: { dead: "at the database", rejected: "on arrival" },
    why: "Why",
    field: "Field",
    queue: "Queue",
    events: "Events",
    last: "Last",
    found: "When",
    detail: "Details",
    session: "Session",
    refusedByDatabase: "The database refused it",
    codes: {
      required: "A field is missing",
      invalid: "A field holds what it may not",
      too_long: "A field is too long",
      too_many: "There are too many",
      consent_denied: "The visitor did not consent",
      consent_missing: "Consent was never asked for",
      undecodable: "It cannot be read",
    },
    replayAll: "Send all again",
    replayHint: "Each is stored once, however often it is sent.",
    replay: "Send again",
    replayOne: (id: string) => `Send again: dead letter ${id}`,
    replayed: (count: string) => `Stored: ${count}.`,
    stillDead: (count: string) => `Refused again: ${count}. Their reasons stand below.`,
    left: (count: string) => `Not reached yet: ${count}. Send again to go on.`,
    alerts: "Alerts about dead letters",
  },
  de: {
    title: "Tote Briefe",
    titleText:
      "Angenommene Ereignisse, die die Datenbank nicht nehmen konnte, und bei der Ankunft abgelehnte, solange sie aufbewahrt und nicht erneut gesendet sind. Ihr Inhalt wird nicht gezeigt.",
    none: "Es gibt keine toten Briefe.",
    dead: (events, count) =>
      events === 1 ? "1 Ereignis ist ein toter Brief." : `${count} Ereignisse sind tote Briefe.`,
    rejected: (events, count) =>
      events === 1
        ? "1 Ereignis wurde bei der Ankunft abgelehnt; der Absender weiß davon, es wird nicht erneut gesendet."
        : `${count} Ereignisse wurden bei der Ankunft abgelehnt; die Absender wissen davon, sie werden nicht erneut gesendet.`,
    reasons: "Warum Ereignisse nicht gespeichert sind",
    letters: "Nicht gespeicherte Ereignisse, die neuesten zuerst",
    stage: "Gefunden",
    stages: { dead: "in der Datenbank", rejected: "bei der Ankunft" },
    why: "Warum",
    field: "Feld",
    queue: "Warteschlange",
    events: "Ereignisse",
    last: "Zuletzt",
    found: "Wann",
    detail: "Einzelheiten",
    session: "Sitzung",
    refusedByDatabase: "Die Datenbank lehnte es ab",
    codes: {
      required: "Ein Feld fehlt",
      invalid: "Ein Feld enthält Unerlaubtes",
      too_long: "Ein Feld ist zu lang",
      too_many: "Es sind zu viele",
      consent_denied: "Der Besucher willigte nicht ein",
      consent_missing: "Nach Einwilligung wurde nie gefragt",
      undecodable: "Es ist nicht lesbar",
    },
    replayAll: "Alle erneut senden",
    replayHint: "Jedes wird einmal gespeichert, wie oft es auch gesendet wird.",
    replay: "Erneut senden",
    replayOne: (id) => `Erneut senden: toter Brief ${id}`,
    replayed: (count) => `Gespeichert: ${count}.`,
    stillDead: (count) => `Wieder abgelehnt: ${count}. Die Gründe stehen unten.`,
    left: (count) => `Noch nicht an der Reihe: ${count}. Erneut senden, um fortzufahren.`,
    alerts: "Alarme zu toten Briefen",
  },
});
