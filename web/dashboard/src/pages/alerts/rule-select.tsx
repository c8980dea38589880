// Chooses a rule of alerts, or all of them.

import { Select } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useRuleWords } from "./words";

/** A select of rules. `every` is the name of no choice. */
export function RuleSelect(props: {
  rules: readonly Pick<Schema<"AlertRule">, "rule" | "summary">[];
  value: string;
  onChange: (rule: string) => void;
  every: string;
}) {
  const t = useTexts(texts);
  const words = useRuleWords();
  const { rules, value, onChange, every } = props;
  return (
    <Select
      label={t.rule}
      flex="1 1 260px"
      maw={420}
      allowDeselect={false}
      value={value}
      onChange={(rule) => onChange(rule ?? "")}
      data={[
        { value: "", label: every },
        ...rules.map(({ rule, summary }) => ({ value: rule, label: words(rule, summary).wrong })),
      ]}
    />
  );
}
