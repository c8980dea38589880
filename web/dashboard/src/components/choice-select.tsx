// Selects of a few words of the API, for filter bars.

import { Select } from "@mantine/core";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** What can be chosen: `words` in their order, with a name each. */
export interface ChoiceSelectProps<Word extends string, Value = Word> {
  label: string;
  words: readonly Word[];
  names: Readonly<Record<Word, string>> | ((word: Word) => string);
  value: Value;
  onChange: (word: Value) => void;
}

const WIDTH = { flex: "1 1 max(150px, min(190px, 30vw))", maw: 230 };

/** Chooses one of some words; one is always chosen. */
export function ChoiceSelect<Word extends string>(props: ChoiceSelectProps<Word>) {
  const { label, value, onChange } = props;
  return (
    <Select
      {...WIDTH}
      label={label}
      allowDeselect={false}
      value={value}
      onChange={(given) => onChange(given ?? value)}
      data={namedWords(props)}
    />
  );
}

/** Chooses one of some words, or none. `none` says what that means: all, if left out. */
export function OptionalChoiceSelect<Word extends string>(
  props: ChoiceSelectProps<Word, Word | undefined> & { none?: string },
) {
  const t = useTexts(common);
  const { label, value, onChange, none } = props;
  return (
    <Select
      {...WIDTH}
      label={label}
      placeholder={none ?? t.all}
      clearable
      value={value ?? null}
      onChange={(given) => onChange(given ?? undefined)}
      data={namedWords(props)}
    />
  );
}

function namedWords<Word extends string>(
  props: Pick<ChoiceSelectProps<Word>, "words" | "names">,
): { value: Word; label: string }[] {
  const { words, names } = props;
  const nameOf = typeof names === "function" ? names : (word: Word) => names[word];
  return words.map((word) => ({ value: word, label: nameOf(word) }));
}
