// Filters of a page: in a row, in the address, with one way to get rid of them all.

import { Button, Group, TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { OptionalChoiceSelect } from "./choice-select";

const TYPING_MS = 400;

/** A row of inputs. `onReset`, where a filter is set. */
export function FilterBar(props: { children: ReactNode; onReset?: (() => void) | undefined }) {
  const t = useTexts(common);
  return (
    <Group role="search" aria-label={t.filters} gap="sm" align="flex-end">
      {props.children}
      {props.onReset && (
        <Button
          variant="subtle"
          leftSection={<IconFilterOff size={16} aria-hidden />}
          onClick={props.onReset}
        >
          {t.reset}
        </Button>
      )}
    </Group>
  );
}

/** The filters of rows that have a state: what to search for, and the state; `children` between the two. */
export function StateFilterBar<Word extends string>(props: {
  state: { search: string; state: Word | undefined };
  onChange: (change: { search?: string; state?: Word | undefined }) => void;
  onReset: (() => void) | undefined;
  words: readonly Word[];
  texts: { search: string; state: string; allStates: string; states: Record<Word, string> };
  children?: ReactNode;
}) {
  const { state, onChange, onReset, words, texts, children } = props;
  return (
    <FilterBar onReset={onReset}>
      <SearchField
        label={texts.search}
        value={state.search}
        onChange={(search) => onChange({ search })}
      />
      {children}
      <OptionalChoiceSelect
        label={texts.state}
        none={texts.allStates}
        words={words}
        names={texts.states}
        value={state.state}
        onChange={(word) => onChange({ state: word })}
      />
    </FilterBar>
  );
}

/** The page's search field: `/` focuses it. */
export function SearchField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
}) {
  return (
    <TypedText
      {...props}
      type="search"
      data-shortcut="search"
      leftSection={<IconSearch size={16} aria-hidden />}
    />
  );
}

/** A text that holds after a short pause of typing, without spaces around it, once it is whole. */
export function TypedText({
  value,
  onChange,
  isWhole = () => true,
  ...rest
}: Omit<TextInputProps, "value" | "onChange"> & {
  value: string;
  onChange: (value: string) => void;
  isWhole?: (typed: string) => boolean;
}) {
  const [typed, setTyped, settle] = useTyped(value, onChange);
  return (
    <TextInput
      {...rest}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        const text = currentTarget.value.trim();
        if (isWhole(text)) settle(text);
      }}
    />
  );
}

/** What is typed into a field, how to change it, and how to take its value over after a short pause. */
export function useTyped<Typed, Value>(
  given: Typed,
  onChange: (value: Value) => void,
): [Typed, (typed: Typed) => void, (value: Value) => void] {
  const [typed, setTyped] = useState(given);
  useEffect(() => {
    // A space at the end stays while somebody types.
    setTyped((now) => (typeof now === "string" && now.trim() === given ? now : given));
  }, [given]);
  return [typed, setTyped, useDebouncedCallback(onChange, TYPING_MS)];
}
