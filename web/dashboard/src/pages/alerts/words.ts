// Values and rules of alerts in the reader's words.

import { fieldsOf, numberOf, textOf } from "@nest-haus/api";
import { useCallback } from "react";
import { useFormats } from "../../app/navigation";
import { useLanguage } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { ruleTexts } from "./rule-texts";
import { texts } from "./texts";

const MS_A_MINUTE = 60_000;

/** What a rule is about, for a reader. */
export interface RuleWords {
  /** What is wrong when it fires. */
  wrong: string;
  /** What its values are. */
  means: string;
}

/** Finds the words of a rule; of one that is not known here, what the server says. */
export function useRuleWords(): (rule: string, said?: string) => RuleWords {
  const known: Readonly<Record<string, RuleWords>> = useTexts(ruleTexts);
  return useCallback(
    (rule, said) => known[rule] ?? { wrong: said ?? rule, means: said ?? "" },
    [known],
  );
}

/** Writes values of a unit of rules: `ms`, `minutes`, `share`, `times`, `count` or `score`. */
export function useUnitFormat(): (
  value: number | null | undefined,
  unit: string | null | undefined,
) => string {
  const t = useTexts(texts);
  const formats = useFormats();
  return useCallback(
    (value, unit) => {
      switch (unit) {
        case "ms":
          return t.milliseconds(formats.decimal(value));
        case "minutes":
          return t.minutes(formats.decimal(value));
        case "share":
          return formats.share(value, 2);
        case "times":
          return t.times(formats.decimal(value, 2));
        case "count":
          return formats.count(value);
        default:
          return formats.decimal(value, 2);
      }
    },
    [t, formats],
  );
}

/** A line of an alert's details. */
export interface DetailLine {
  label: string;
  value: string;
}

/** Writes a line of an alert's details: a label in both languages, and a value by its kind. */
export function useDetailLine(): (answer: unknown) => DetailLine {
  const { language } = useLanguage();
  const formats = useFormats();
  return useCallback(
    (answer) => {
      const line = fieldsOf(answer);
      const label = textOf(language === "de" ? line.label_de : line.label_en) ?? "";
      const value = fieldsOf(line.value);
      const written =
        textOf(value.text) ??
        (value.count === undefined ? undefined : formats.count(numberOf(value.count))) ??
        (value.cents === undefined ? undefined : formats.money(numberOf(value.cents))) ??
        (value.share === undefined ? undefined : formats.share(numberOf(value.share), 2)) ??
        (value.change === undefined ? undefined : formats.change(numberOf(value.change))) ??
        (value.milliseconds === undefined
          ? undefined
          : formats.latency(numberOf(value.milliseconds))) ??
        (value.minutes === undefined
          ? undefined
          : formats.duration((numberOf(value.minutes) ?? 0) * MS_A_MINUTE)) ??
        (value.number === undefined ? undefined : formats.decimal(numberOf(value.number), 2)) ??
        (value.moment === undefined ? undefined : formats.dateTime(textOf(value.moment))) ??
        (value.day === undefined ? undefined : formats.date(textOf(value.day)));
      return { label, value: written ?? "–" };
    },
    [language, formats],
  );
}
