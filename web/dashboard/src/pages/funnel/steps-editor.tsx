// The builder of steps and exclusions: a draft that holds when it is applied.

import {
  ActionIcon,
  Alert,
  Autocomplete,
  Button,
  Collapse,
  Drawer,
  Fieldset,
  Group,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useCatalogueNames } from "../../components/catalogue-names";
import { useTexts } from "../../i18n/texts";
import { type Exclusion, type Filter, LIMITS, OPERATORS, type Pattern, patternOf } from "./pattern";
import { CONFIGURATOR, type FunnelState, OF_CONFIGURATIONS } from "./state";
import { texts } from "./texts";

const PAGES: readonly Pattern[] = [
  patternOf("page_visit"),
  { ...patternOf("page_visit"), value: "/konfigurator" },
  patternOf("selection"),
  patternOf("cart_add"),
];

interface Draft {
  steps: readonly Pattern[];
  /** Longest hours from the step before, a place for each step; the first one is not used. */
  windows: readonly (number | null)[];
  exclusions: readonly Exclusion[];
}

/** The builder, in a drawer. */
export function StepsEditor(props: {
  state: FunnelState;
  onChange: (change: Partial<FunnelState>) => void;
  onClose: () => void;
}) {
  const t = useTexts(texts).drawer;
  const { state, onChange, onClose } = props;
  const [draft, setDraft] = useState<Draft>(() => draftOf(state));
  const isComplete = [...draft.steps, ...draft.exclusions.map(({ pattern }) => pattern)].every(
    hasEvents,
  );
  const apply = () => {
    onChange(changeOf(draft, state.unit));
    onClose();
  };
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={t.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isComplete) apply();
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            {t.hint}
          </Text>
          <Templates unit={state.unit} onChoose={setDraft} />
          <StepList draft={draft} onChange={setDraft} unit={state.unit} />
          <Exclusions draft={draft} onChange={setDraft} />
          {!isComplete && <Alert color="yellow">{t.missingEvent}</Alert>}
          <Button type="submit" disabled={!isComplete}>
            {t.apply}
          </Button>
        </Stack>
      </form>
    </Drawer>
  );
}

function Templates(props: { unit: FunnelState["unit"]; onChoose: (draft: Draft) => void }) {
  const t = useTexts(texts).drawer;
  const start = (steps: readonly Pattern[]) =>
    props.onChoose({ steps, windows: steps.map(() => null), exclusions: [] });
  const { templates } = t;
  return (
    <Group gap="xs">
      <Text size="sm">{t.template}</Text>
      {props.unit === "configuration" ? (
        <Button size="xs" variant="default" onClick={() => start(OF_CONFIGURATIONS)}>
          {templates.configuration}
        </Button>
      ) : (
        <>
          <Button size="xs" variant="default" onClick={() => start(CONFIGURATOR)}>
            {templates.configurator}
          </Button>
          <Button size="xs" variant="default" onClick={() => start(PAGES)}>
            {templates.pages}
          </Button>
        </>
      )}
    </Group>
  );
}

function StepList(props: {
  draft: Draft;
  onChange: (draft: Draft) => void;
  unit: FunnelState["unit"];
}) {
  const t = useTexts(texts).drawer;
  const { draft, onChange, unit } = props;
  const { steps, windows } = draft;
  const swap = (at: number, other: number) =>
    onChange({ ...draft, steps: swapped(steps, at, other), windows: swapped(windows, at, other) });
  const remove = (at: number) =>
    onChange({ ...draft, steps: without(steps, at), windows: without(windows, at) });
  return (
    <>
      {steps.map((step, at) => {
        const name = t.step(String(at + 1));
        return (
          <Fieldset key={at} legend={name}>
            <Stack gap="xs">
              <PatternFields
                pattern={step}
                unit={unit}
                onChange={(next) => onChange({ ...draft, steps: replaced(steps, at, next) })}
                buttons={
                  <>
                    <IconButton
                      label={t.up(name)}
                      disabled={at === 0}
                      onClick={() => swap(at, at - 1)}
                    >
                      <IconArrowUp size={16} aria-hidden />
                    </IconButton>
                    <IconButton
                      label={t.down(name)}
                      disabled={at === steps.length - 1}
                      onClick={() => swap(at, at + 1)}
                    >
                      <IconArrowDown size={16} aria-hidden />
                    </IconButton>
                    <IconButton
                      label={t.remove(name)}
                      disabled={steps.length <= LIMITS.stepsMin}
                      onClick={() => remove(at)}
                    >
                      <IconTrash size={16} aria-hidden />
                    </IconButton>
                  </>
                }
              >
                {at > 0 && (
                  <NumberInput
                    label={t.within}
                    min={0}
                    max={9600}
                    value={windows[at] ?? ""}
                    onChange={(hours) => {
                      const next = typeof hours === "number" && hours > 0 ? hours : null;
                      onChange({ ...draft, windows: replaced(windows, at, next) });
                    }}
                  />
                )}
                <Alternatives
                  pattern={step}
                  unit={unit}
                  onChange={(next) => onChange({ ...draft, steps: replaced(steps, at, next) })}
                />
              </PatternFields>
            </Stack>
          </Fieldset>
        );
      })}
      <AddButton
        label={t.addStep}
        disabled={steps.length >= LIMITS.steps}
        onClick={() =>
          onChange({ ...draft, steps: [...steps, patternOf("")], windows: [...windows, null] })
        }
      />
    </>
  );
}

function Alternatives(props: {
  pattern: Pattern;
  unit: FunnelState["unit"];
  onChange: (pattern: Pattern) => void;
}) {
  const t = useTexts(texts).drawer;
  const { pattern, unit, onChange } = props;
  const { alternatives } = pattern;
  const set = (next: readonly Pattern[]) => onChange({ ...pattern, alternatives: next });
  return (
    <>
      {alternatives.map((alternative, at) => {
        const name = t.alternative(String(at + 1));
        return (
          <Fieldset key={at} legend={name}>
            <PatternFields
              pattern={alternative}
              unit={unit}
              onChange={(next) => set(replaced(alternatives, at, next))}
              buttons={
                <IconButton label={t.remove(name)} onClick={() => set(without(alternatives, at))}>
                  <IconTrash size={16} aria-hidden />
                </IconButton>
              }
            />
          </Fieldset>
        );
      })}
      <AddButton
        label={t.addAlternative}
        disabled={alternatives.length >= LIMITS.alternatives}
        onClick={() => set([...alternatives, patternOf("")])}
      />
    </>
  );
}

function Exclusions({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const t = useTexts(texts).drawer;
  const { exclusions, steps } = draft;
  const set = (next: readonly Exclusion[]) => onChange({ ...draft, exclusions: next });
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t.exclusions}
      </Title>
      <Text size="sm" c="dimmed">
        {t.exclusionsHint}
      </Text>
      {exclusions.map((exclusion, at) => {
        const name = t.exclusion(String(at + 1));
        const change = (part: Partial<Exclusion>) =>
          set(replaced(exclusions, at, { ...exclusion, ...part }));
        return (
          <Fieldset key={at} legend={name}>
            <PatternFields
              pattern={exclusion.pattern}
              unit="session"
              onChange={(pattern) => change({ pattern })}
              buttons={
                <IconButton label={t.remove(name)} onClick={() => set(without(exclusions, at))}>
                  <IconTrash size={16} aria-hidden />
                </IconButton>
              }
            />
            <Group gap="xs" grow mt="xs">
              <NumberInput
                label={t.after}
                min={1}
                max={steps.length - 1}
                value={exclusion.after}
                onChange={(after) => change({ after: Number(after) || 1 })}
              />
              <NumberInput
                label={t.before}
                min={2}
                max={steps.length}
                value={exclusion.before}
                onChange={(before) => change({ before: Number(before) || 2 })}
              />
            </Group>
          </Fieldset>
        );
      })}
      <AddButton
        label={t.addExclusion}
        disabled={exclusions.length >= LIMITS.exclusions}
        onClick={() => set([...exclusions, { pattern: patternOf(""), after: 1, before: 2 }])}
      />
    </Stack>
  );
}

/** Event and category at once; name, place and conditions when they are asked for. */
function PatternFields(props: {
  pattern: Pattern;
  unit: FunnelState["unit"];
  onChange: (pattern: Pattern) => void;
  buttons: ReactNode;
  children?: ReactNode;
}) {
  const t = useTexts(texts);
  const catalogue = useCatalogueNames();
  const { pattern, unit, onChange, buttons, children } = props;
  const [isOpen, { toggle }] = useDisclosure(hasDetails(pattern));
  const events =
    unit === "configuration" ? OF_CONFIGURATIONS.map(({ event }) => event) : Object.keys(t.events);
  const known: Readonly<Record<string, string>> = t.events;
  const set = (part: Partial<Pattern>) => onChange({ ...pattern, ...part });
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        <Autocomplete
          label={t.drawer.event}
          required
          style={{ flex: "1 1 180px" }}
          data={events}
          value={pattern.event}
          onChange={(event) => set({ event })}
          renderOption={({ option }) => (
            <div>
              <Text size="sm">{known[option.value] ?? option.value}</Text>
              <Text size="xs" c="dimmed">
                {option.value}
              </Text>
            </div>
          )}
        />
        <Autocomplete
          label={t.drawer.category}
          style={{ flex: "1 1 140px" }}
          data={[...catalogue.categories]}
          value={pattern.category}
          onChange={(category) => set({ category })}
          renderOption={({ option }) => catalogue.category(option.value)}
        />
        <Group gap={2}>{buttons}</Group>
      </Group>
      <Button
        variant="subtle"
        size="compact-sm"
        style={{ alignSelf: "flex-start" }}
        onClick={toggle}
        aria-expanded={isOpen}
      >
        {t.drawer.details}
      </Button>
      <Collapse expanded={isOpen}>
        <Stack gap="xs">
          <Group gap="xs" grow>
            <Field
              label={t.drawer.value}
              value={pattern.value}
              onChange={(value) => set({ value })}
            />
            <Field
              label={t.drawer.element}
              value={pattern.element}
              onChange={(element) => set({ element })}
            />
          </Group>
          <Field label={t.drawer.name} value={pattern.name} onChange={(name) => set({ name })} />
          <Filters filters={pattern.filters} onChange={(filters) => set({ filters })} />
          {children}
        </Stack>
      </Collapse>
    </Stack>
  );
}

function Filters(props: {
  filters: readonly Filter[];
  onChange: (filters: readonly Filter[]) => void;
}) {
  const t = useTexts(texts).drawer;
  const { filters, onChange } = props;
  return (
    <>
      {filters.map((filter, at) => {
        const change = (part: Partial<Filter>) =>
          onChange(replaced(filters, at, { ...filter, ...part }));
        return (
          <Group key={at} gap="xs" align="flex-end">
            <Field
              label={t.filterProperty}
              value={filter.property}
              onChange={(property) => change({ property })}
            />
            <Select
              label={t.filterOp}
              w={130}
              allowDeselect={false}
              value={filter.op}
              onChange={(op) => op && change({ op })}
              data={OPERATORS.map((value) => ({ value, label: t.ops[value] }))}
            />
            <Field
              label={t.filterValue}
              value={filter.value}
              onChange={(value) => change({ value })}
            />
            <IconButton
              label={t.remove(`${filter.property} ${t.ops[filter.op]} ${filter.value}`)}
              onClick={() => onChange(without(filters, at))}
            >
              <IconTrash size={16} aria-hidden />
            </IconButton>
          </Group>
        );
      })}
      <AddButton
        label={t.addFilter}
        disabled={filters.length >= LIMITS.filters}
        onClick={() => onChange([...filters, { property: "", op: "is", value: "" }])}
      />
    </>
  );
}

function Field(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <TextInput
      label={props.label}
      value={props.value}
      style={{ flex: "1 1 120px" }}
      onChange={({ currentTarget: { value } }) => props.onChange(value)}
    />
  );
}

function IconButton(props: {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={props.label}
      disabled={props.disabled ?? false}
      onClick={props.onClick}
    >
      {props.children}
    </ActionIcon>
  );
}

function AddButton(props: { label: string; disabled: boolean; onClick: () => void }) {
  return (
    <Button
      variant="default"
      size="xs"
      style={{ alignSelf: "flex-start" }}
      leftSection={<IconPlus size={14} aria-hidden />}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.label}
    </Button>
  );
}

function draftOf({ steps, unit, stepWindowHours, exclusions }: FunnelState): Draft {
  const shown = steps ?? (unit === "configuration" ? OF_CONFIGURATIONS : CONFIGURATOR);
  const windows = shown.map((_, at) => (at === 0 ? null : (stepWindowHours[at - 1] ?? null)));
  return { steps: shown, windows, exclusions };
}

/** What the draft changes; the configurator funnel is the one that nobody names. */
function changeOf(draft: Draft, unit: FunnelState["unit"]): Partial<FunnelState> {
  const { steps, windows, exclusions } = draft;
  const isDefault =
    unit !== "configuration" && JSON.stringify(steps) === JSON.stringify(CONFIGURATOR);
  const rest = windows.slice(1);
  return {
    steps: isDefault ? undefined : steps,
    stepWindowHours: rest.some((hours) => hours !== null) ? rest : [],
    exclusions,
  };
}

function hasEvents(pattern: Pattern): boolean {
  return pattern.event.trim() !== "" && pattern.alternatives.every(hasEvents);
}

function hasDetails({ name, element, value, filters, alternatives }: Pattern): boolean {
  return Boolean(name || element || value) || filters.length + alternatives.length > 0;
}

function replaced<Item>(items: readonly Item[], at: number, item: Item): readonly Item[] {
  return items.map((own, index) => (index === at ? item : own));
}

function without<Item>(items: readonly Item[], at: number): readonly Item[] {
  return items.filter((_, index) => index !== at);
}

/** Exchanges two neighbours. */
function swapped<Item>(items: readonly Item[], one: number, other: number): readonly Item[] {
  const first = Math.min(one, other);
  const pair = items.slice(first, first + 2).reverse();
  return [...items.slice(0, first), ...pair, ...items.slice(first + 2)];
}
