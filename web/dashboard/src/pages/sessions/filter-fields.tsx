// The inputs of the list's filters.

import { Button, Collapse, Group, NumberInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { resetOf } from "../../app/page-state";
import { ChoiceSelect, OptionalChoiceSelect } from "../../components/choice-select";
import { FilterBar, SearchField, TypedText, useTyped } from "../../components/filter-bar";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { countSet, FLAGS, filterFields, SORTS, type VisitFilters } from "./filters";
import { texts } from "./texts";
import { CHANNELS, DEVICES, STATUSES, useWords } from "./words";

const MORE = ["country", "page", "minPriceCents", "maxPriceCents", ...FLAGS] as const;

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
    <FilterBar onReset={resetOf(filterFields, filters, onChange)}>
      <SearchField
        label={t.search}
        placeholder={t.searchHint}
        value={filters.search}
        onChange={(search) => onChange({ search })}
      />
      <OptionalChoiceSelect
        label={t.status}
        words={STATUSES}
        names={words.status}
        value={filters.status}
        onChange={(status) => onChange({ status })}
      />
      <OptionalChoiceSelect
        label={t.device}
        words={DEVICES}
        names={words.device}
        value={filters.device}
        onChange={(device) => onChange({ device })}
      />
      <OptionalChoiceSelect
        label={t.channel}
        words={CHANNELS}
        names={words.channel}
        value={filters.channel}
        onChange={(channel) => onChange({ channel })}
      />
      <ChoiceSelect
        label={t.sort}
        words={SORTS}
        names={t.sorts}
        value={filters.sort}
        onChange={(sort) => onChange({ sort })}
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
      <TypedText
        label={t.country}
        placeholder="AT"
        maxLength={2}
        w={90}
        value={filters.country}
        isWhole={({ length }) => length !== 1}
        onChange={(country) => onChange({ country: country.toUpperCase() })}
      />
      <TypedText
        label={t.page}
        placeholder="/konfigurator"
        maxLength={200}
        w={190}
        value={filters.page}
        onChange={(page) => onChange({ page })}
      />
    </Group>
  );
}

function FlagSelect(props: {
  label: string;
  value: boolean | undefined;
  onChange: (value: boolean | undefined) => void;
}) {
  const t = useTexts(common);
  return (
    <OptionalChoiceSelect
      label={props.label}
      words={["true", "false"]}
      names={{ true: t.yes, false: t.no }}
      value={props.value === undefined ? undefined : props.value ? "true" : "false"}
      onChange={(word) => props.onChange(word === undefined ? undefined : word === "true")}
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
  const [typed, setTyped, settle] = useTyped<string | number, number | undefined>(
    given,
    props.onChange,
  );
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
