// Values and rules of alerts in the reader's words.

import type { Schema } from "@nest-haus/api";
import { useCallback } from "react";
import { useFormats } from "../../app/navigation";
import type { Formats } from "../../i18n/formats";
import { type Language, useLanguage } from "../../i18n/language";
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
export function useDetailLine(): (line: Schema<"MessageLine">) => DetailLine {
  const { language } = useLanguage();
  const formats = useFormats();
  return useCallback(
    ({ label_de, label_en, value }) => ({
      label: language === "de" ? label_de : label_en,
      value: writeValue(value, language, formats),
    }),
    [language, formats],
  );
}

function writeValue(value: Schema<"MessageValue">, language: Language, formats: Formats): string {
  if (value === "unknown") return "–";
  if ("text" in value) return value.text;
  if ("texts" in value) return value.texts[language];
  if ("count" in value) return formats.count(value.count);
  if ("cents" in value) return formats.money(value.cents);
  if ("share" in value) return formats.share(value.share, 2);
  if ("change" in value) return formats.change(value.change);
  if ("milliseconds" in value) return formats.latency(value.milliseconds);
  if ("minutes" in value) return formats.duration(value.minutes * MS_A_MINUTE);
  if ("number" in value) return formats.decimal(value.number, 2);
  return "moment" in value ? formats.dateTime(value.moment) : formats.date(value.day);
}
