// A select of a few words of the API, for filter bars.

import { Select } from "@mantine/core";
import { oneOf } from "../app/view";

/** What can be chosen: `words` in their order, with a name each. */
export interface ChoiceSelectProps<Word extends string> {
  label: string;
  words: readonly Word[];
  names: Readonly<Record<Word, string>>;
  value: Word;
  onChange: (word: Word) => void;
  /** A sentence below the label. */
  description?: string;
}

/** Chooses one of some words; one is always chosen. */
export function ChoiceSelect<Word extends string>(props: ChoiceSelectProps<Word>) {
  const { label, words, names, value, onChange, description } = props;
  const choose = (given: string | null) => {
    const word = oneOf(words, given ?? undefined);
    if (word !== undefined) onChange(word);
  };
  return (
    <Select
      label={label}
      {...(description === undefined ? {} : { description })}
      allowDeselect={false}
      flex="1 1 max(150px, min(190px, 30vw))"
      maw={230}
      value={value}
      onChange={choose}
      data={words.map((word) => ({ value: word, label: names[word] }))}
    />
  );
}
