// The inputs of the list's filters.

import { Button, Collapse, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { oneOf } from "../../app/view";
import { FilterBar, SearchField } from "../../components/filter-bar";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { countSet, FLAGS, noFilters, SORTS, type VisitFilters } from "./filters";
import { texts } from "./texts";
import { CHANNELS, DEVICES, STATUSES, useWords } from "./words";

const TYPING_MS = 400;
const MORE = ["country", "page", "minPriceCents", "maxPriceCents", ...FLAGS] as const;
const ALL = ["search", "status", "device", "channel", ...MORE] as const;

interface FiltersProps {
  filters: VisitFilters;
  onChange: (change: Partial<VisitFilters>) => void;
}

/** All filters and the order; those that are wanted seldom, behind a button. */
export function VisitFilterBar({ filters, onChange }: FiltersProps) {
  const t = useTexts(texts);
  const words = useWords();
  const set = countSet(filters, MORE);
  const [opened, { toggle }] = useDisclosure(set > 0);
  return (
    <FilterBar onReset={countSet(filters, ALL) > 0 ? () => onChange(noFilters) : undefined}>
      <SearchField
        label={t.search}
        placeholder={t.searchHint}
        value={filters.search}
        onChange={(search) => onChange({ search: search.trim() })}
      />
      <WordSelect
        label={t.status}
        words={STATUSES}
        say={words.status}
        value={filters.status}
        onChange={(status) => onChange({ status })}
      />
      <WordSelect
        label={t.device}
        words={DEVICES}
        say={words.device}
        value={filters.device}
        onChange={(device) => onChange({ device })}
      />
      <WordSelect
        label={t.channel}
        words={CHANNELS}
        say={words.channel}
        value={filters.channel}
        onChange={(channel) => onChange({ channel })}
      />
      <Select
        label={t.sort}
        w={200}
        data={SORTS.map((value) => ({ value, label: t.sorts[value] }))}
        value={filters.sort}
        allowDeselect={false}
        onChange={(value) => onChange({ sort: oneOf(SORTS, value ?? undefined) ?? "newest" })}
      />
      <Button
        variant="default"
        aria-expanded={opened}
        aria-controls="more-filters"
        leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
        onClick={toggle}
      >
        {set > 0 ? t.moreSet(String(set)) : t.more}
      </Button>
      <Collapse expanded={opened} id="more-filters" w="100%">
        <MoreFilters filters={filters} onChange={onChange} />
      </Collapse>
    </FilterBar>
  );
}

function MoreFilters({ filters, onChange }: FiltersProps) {
  const t = useTexts(texts);
  return (
    <Group gap="sm" align="flex-end">
      {FLAGS.map((flag) => (
        <FlagSelect
          key={flag}
          label={t.flags[flag]}
          value={filters[flag]}
          onChange={(value) => onChange({ [flag]: value })}
        />
      ))}
      <PriceField
        label={t.minPrice}
        value={filters.minPriceCents}
        onChange={(minPriceCents) => onChange({ minPriceCents })}
      />
      <PriceField
        label={t.maxPrice}
        value={filters.maxPriceCents}
        onChange={(maxPriceCents) => onChange({ maxPriceCents })}
      />
      <LateText
        label={t.country}
        placeholder="AT"
        maxLength={2}
        width={90}
        value={filters.country}
        isWhole={(typed) => typed.length !== 1}
        onChange={(country) => onChange({ country: country.toUpperCase() })}
      />
      <LateText
        label={t.page}
        placeholder="/konfigurator"
        maxLength={200}
        width={190}
        value={filters.page}
        isWhole={() => true}
        onChange={(page) => onChange({ page })}
      />
    </Group>
  );
}

/** One of some words of the API, or none. */
function WordSelect<Word extends string>(props: {
  label: string;
  words: readonly Word[];
  say: (word: Word) => string;
  value: Word | undefined;
  onChange: (value: Word | undefined) => void;
}) {
  const t = useTexts(common);
  return (
    <Select
      label={props.label}
      placeholder={t.all}
      w={150}
      clearable
      data={props.words.map((value) => ({ value, label: props.say(value) }))}
      value={props.value ?? null}
      onChange={(value) => props.onChange(oneOf(props.words, value ?? undefined))}
    />
  );
}

function FlagSelect(props: {
  label: string;
  value: boolean | undefined;
  onChange: (value: boolean | undefined) => void;
}) {
  const t = useTexts(common);
  return (
    <Select
      label={props.label}
      placeholder={t.all}
      w={150}
      clearable
      data={[
        { value: "true", label: t.yes },
        { value: "false", label: t.no },
      ]}
      value={props.value?.toString() ?? null}
      onChange={(value) => props.onChange(value === null ? undefined : value === "true")}
    />
  );
}

/** An amount in euros, in whole ones; cents outside. What is typed holds after a short pause. */
function PriceField(props: {
  label: string;
  value: number | undefined;
  onChange: (cents: number | undefined) => void;
}) {
  const given = props.value === undefined ? "" : props.value / 100;
  const [typed, setTyped] = useState<string | number>(given);
  useEffect(() => setTyped(given), [given]);
  const settle = useDebouncedCallback(props.onChange, TYPING_MS);
  return (
    <NumberInput
      label={props.label}
      w={140}
      min={0}
      step={10_000}
      allowDecimal={false}
      allowNegative={false}
      thousandSeparator=" "
      suffix=" €"
      value={typed}
      onChange={(value) => {
        setTyped(value);
        settle(typeof value === "number" ? value * 100 : undefined);
      }}
    />
  );
}

/** A text that holds after a short pause, once it is whole. */
function LateText(props: {
  label: string;
  placeholder: string;
  maxLength: number;
  width: number;
  value: string;
  isWhole: (typed: string) => boolean;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(props.value);
  useEffect(() => setTyped(props.value), [props.value]);
  const settle = useDebouncedCallback(props.onChange, TYPING_MS);
  return (
    <TextInput
      label={props.label}
      placeholder={props.placeholder}
      maxLength={props.maxLength}
      w={props.width}
      value={typed}
      onChange={({ currentTarget: { value } }) => {
        setTyped(value);
        if (props.isWhole(value.trim())) settle(value.trim());
      }}
    />
  );
}
