// From where ways are read, through which nodes, how many steps, and what is drawn.

import { Autocomplete, Button, NumberInput, TagsInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { resetOf } from "../../app/page-state";
import { ChoiceSelect } from "../../components/choice-select";
import { FilterBar, useTyped } from "../../components/filter-bar";
import { useTexts } from "../../i18n/texts";
import type { NodeNames } from "./names";
import { ANCHORS, fields, type JourneysState, THRESHOLDS } from "./state";
import { texts } from "./texts";

const TYPING_MS = 400;

interface Props {
  state: JourneysState;
  onChange: (change: Partial<JourneysState>) => void;
  names: NodeNames;
  suggestions: readonly string[];
}

/** The filters of the page. */
export function Filters(props: Props) {
  const t = useTexts(texts);
  const { state, onChange, names, suggestions } = props;
  const [isMore, { toggle }] = useDisclosure(hasRare(state));
  return (
    <FilterBar onReset={resetOf(fields, state, onChange)}>
      <ChoiceSelect
        label={t.anchor}
        words={ANCHORS}
        names={t.anchors}
        value={state.anchor}
        onChange={(anchor) => onChange({ anchor, node2: "" })}
      />
      <NodeField
        label={t.node[state.anchor]}
        value={state.node}
        onChange={(node) => onChange({ node })}
        names={names}
        suggestions={suggestions}
      />
      {state.anchor === "between" && (
        <NodeField
          label={t.node2}
          value={state.node2}
          onChange={(node2) => onChange({ node2 })}
          names={names}
          suggestions={suggestions}
        />
      )}
      <ChoiceSelect
        label={t.threshold}
        words={THRESHOLDS}
        names={t.thresholds}
        value={state.threshold}
        onChange={(threshold) => onChange({ threshold })}
      />
      <Button variant="subtle" onClick={toggle} aria-expanded={isMore}>
        {isMore ? t.less : t.more}
      </Button>
      {isMore && <RareFields {...props} />}
    </FilterBar>
  );
}

function RareFields({ state, onChange, names, suggestions }: Props) {
  const t = useTexts(texts);
  const lists = [
    { label: t.include, key: "include" },
    { label: t.exclude, key: "exclude" },
  ] as const;
  return (
    <>
      {lists.map(({ label, key }) => (
        <TagsInput
          key={key}
          label={label}
          w={260}
          data={[...suggestions]}
          value={[...state[key]]}
          splitChars={[",", ";"]}
          onChange={(nodes) => onChange({ [key]: nodes })}
          renderOption={({ option }) => names.name(option.value)}
        />
      ))}
      <NumberField
        label={t.depth}
        max={20}
        fallback={6}
        value={state.depth}
        onChange={(depth) => onChange({ depth })}
      />
      <NumberField
        label={t.limit}
        max={50}
        fallback={8}
        value={state.limit}
        onChange={(limit) => onChange({ limit })}
      />
    </>
  );
}

/** A node by its id: a path, a category, or anything else that a visit may come to. */
function NodeField(props: {
  label: string;
  value: string;
  onChange: (node: string) => void;
  names: NodeNames;
  suggestions: readonly string[];
}) {
  const t = useTexts(texts);
  const { label, value, onChange, names, suggestions } = props;
  const [typed, setTyped, settle] = useTyped(value, onChange);
  return (
    <Autocomplete
      label={label}
      w={200}
      clearable
      placeholder={t.anyNode}
      data={[...suggestions]}
      value={typed}
      onChange={(node) => {
        setTyped(node);
        settle(node.trim());
      }}
      renderOption={({ option }) => names.name(option.value)}
    />
  );
}

function NumberField(props: {
  label: string;
  max: number;
  /** What the API takes where nobody says otherwise. */
  fallback: number;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}) {
  const { label, max, fallback, value, onChange } = props;
  const settle = useDebouncedCallback(
    (given: number | string) => onChange(typeof given === "number" ? given : undefined),
    TYPING_MS,
  );
  return (
    <NumberInput
      key={String(value)}
      label={label}
      w={140}
      min={1}
      max={max}
      clampBehavior="strict"
      allowDecimal={false}
      placeholder={String(fallback)}
      defaultValue={value ?? ""}
      onChange={settle}
    />
  );
}

function hasRare({ include, exclude, depth, limit }: JourneysState): boolean {
  return include.length + exclude.length > 0 || depth !== undefined || limit !== undefined;
}
