// Which funnel: its steps in words, and how they are counted.

import {
  Badge,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Paper,
  Select,
  Stack,
  Text,
} from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { resetOf } from "../../app/page-state";
import { oneOf } from "../../app/view";
import { ChoiceSelect } from "../../components/choice-select";
import { FilterBar, TypedText } from "../../components/filter-bar";
import { useTexts } from "../../i18n/texts";
import { useFunnelNames } from "./names";
import {
  BREAKDOWNS,
  CONFIGURATOR,
  COUNTINGS,
  type FunnelState,
  fields,
  INTERVALS,
  OF_CONFIGURATIONS,
  ORDERS,
  TIES,
  UNITS,
} from "./state";
import { StepsEditor } from "./steps-editor";
import { texts } from "./texts";

const TYPING_MS = 500;
const EVENT = "event.";

interface Props {
  state: FunnelState;
  onChange: (change: Partial<FunnelState>) => void;
}

/** The steps and settings of the funnel. */
export function Settings({ state, onChange }: Props) {
  const t = useTexts(texts);
  const [isMore, { toggle }] = useDisclosure(hasRare(state));
  return (
    <Paper withBorder p="md" bg="var(--nest-surface)">
      <Stack gap="sm">
        <Steps state={state} onChange={onChange} />
        <FilterBar onReset={resetOf(fields, state, onChange)}>
          <ChoiceSelect
            label={t.unit}
            words={UNITS}
            names={t.units}
            value={state.unit}
            onChange={(unit) => onChange(unitChange(state, unit))}
          />
          <BreakdownFields state={state} onChange={onChange} />
          <Button variant="subtle" onClick={toggle} aria-expanded={isMore}>
            {isMore ? t.less : t.more}
          </Button>
          {isMore && <RareFields state={state} onChange={onChange} />}
        </FilterBar>
      </Stack>
    </Paper>
  );
}

function Steps({ state, onChange }: Props) {
  const t = useTexts(texts);
  const names = useFunnelNames();
  const [opened, { open, close }] = useDisclosure();
  const steps = state.steps ?? CONFIGURATOR;
  return (
    <Group justify="space-between" gap="sm" align="flex-start">
      <Stack gap={6} style={{ flex: "1 1 260px", minWidth: 0 }}>
        <Text size="sm" fw={600}>
          {state.steps ? t.ownFunnel : t.configurator}
        </Text>
        <Group
          component="ol"
          gap={6}
          m={0}
          p={0}
          aria-label={t.steps}
          style={{ listStyle: "none" }}
        >
          {steps.map((step, at) => (
            <li key={at} style={{ maxWidth: "100%" }}>
              <Badge variant="default" tt="none" fw={500} maw="100%" size="lg">
                {at + 1}. {names.pattern(step)}
              </Badge>
            </li>
          ))}
        </Group>
      </Stack>
      <Button
        variant="default"
        leftSection={<IconPencil size={16} aria-hidden />}
        onClick={open}
        aria-haspopup="dialog"
      >
        {t.edit}
      </Button>
      {opened && <StepsEditor state={state} onChange={onChange} onClose={close} />}
    </Group>
  );
}

function BreakdownFields({ state, onChange }: Props) {
  const t = useTexts(texts);
  const { breakdown, attribution } = state;
  const ofEvents = breakdown.startsWith(EVENT);
  const steps = state.steps ?? CONFIGURATOR;
  return (
    <>
      <Select
        label={t.breakdown}
        w={190}
        clearable
        placeholder="–"
        value={ofEvents ? EVENT : breakdown || null}
        onChange={(value) => {
          const next = value === EVENT ? `${EVENT}value` : (value ?? "");
          onChange({ breakdown: next, attribution: "first" });
        }}
        data={[
          ...BREAKDOWNS.map((value) => ({ value, label: t.breakdowns[value] })),
          { value: EVENT, label: t.eventProperty },
        ]}
      />
      {ofEvents && (
        <TypedText
          label={t.property}
          w={160}
          value={breakdown.slice(EVENT.length)}
          onChange={(property) => property && onChange({ breakdown: EVENT + property })}
        />
      )}
      {breakdown && (
        <Select
          label={t.attribution}
          w={190}
          allowDeselect={false}
          value={attribution}
          onChange={(value) => onChange({ attribution: value ?? "first" })}
          data={[
            { value: "first", label: t.attributions.first },
            { value: "last", label: t.attributions.last },
            { value: "all", label: t.attributions.all },
            ...steps.map((_, at) => ({
              value: `step${at + 1}`,
              label: t.attributionStep(String(at + 1)),
            })),
          ]}
        />
      )}
    </>
  );
}

function RareFields({ state, onChange }: Props) {
  const t = useTexts(texts);
  return (
    <>
      <ChoiceSelect
        label={t.order}
        words={ORDERS}
        names={t.orders}
        value={state.order}
        onChange={(order) => onChange({ order })}
      />
      <ChoiceSelect
        label={t.counting}
        words={COUNTINGS}
        names={t.countings}
        value={state.counting}
        onChange={(counting) => onChange({ counting })}
      />
      <ChoiceSelect
        label={t.ties}
        words={TIES}
        names={t.tieRules}
        value={state.ties}
        onChange={(ties) => onChange({ ties })}
      />
      <WindowField state={state} onChange={onChange} />
      <Select
        label={t.interval}
        w={150}
        value={state.interval ?? ""}
        allowDeselect={false}
        onChange={(value) => onChange({ interval: oneOf(INTERVALS, value ?? undefined) })}
        data={[
          { value: "", label: t.automatic },
          ...INTERVALS.map((value) => ({ value, label: t.intervals[value] })),
        ]}
      />
      <Checkbox
        label={t.completeOnly}
        checked={state.completeOnly === true}
        onChange={({ currentTarget: { checked } }) =>
          onChange({ completeOnly: checked || undefined })
        }
        mb={8}
      />
    </>
  );
}

function WindowField({ state, onChange }: Props) {
  const t = useTexts(texts);
  const settle = useDebouncedCallback(
    (hours: number | string) =>
      onChange({ windowHours: typeof hours === "number" && hours > 0 ? hours : undefined }),
    TYPING_MS,
  );
  return (
    <NumberInput
      key={String(state.windowHours)}
      label={t.window}
      w={260}
      min={0}
      max={9600}
      placeholder={state.unit === "visitor" ? t.windowVisitor : t.windowVisit}
      defaultValue={state.windowHours ?? ""}
      onChange={settle}
    />
  );
}

/** Configurations have events of their own: with the unit, the steps change where they must. */
function unitChange(state: FunnelState, unit: FunnelState["unit"]): Partial<FunnelState> {
  const known = OF_CONFIGURATIONS.map(({ event }) => event);
  const fits = state.steps?.every(({ event }) => known.includes(event)) ?? false;
  if (unit === "configuration" && !fits) {
    return { unit, steps: OF_CONFIGURATIONS, exclusions: [], stepWindowHours: [] };
  }
  if (state.unit === "configuration" && state.steps === undefined) return { unit };
  if (state.unit === "configuration" && unit !== "configuration" && fits) {
    return { unit, steps: undefined, exclusions: [], stepWindowHours: [] };
  }
  return { unit };
}

function hasRare({ order, counting, ties, windowHours, interval, completeOnly }: FunnelState) {
  const plain = order === "ordered" && counting === "unique" && ties === "log";
  return !plain || windowHours !== undefined || interval !== undefined || completeOnly === true;
}
