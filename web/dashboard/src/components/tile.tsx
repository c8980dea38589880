// Tiles: a surface with a heading, and single numbers with interval, comparison and definition.

import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconArrowDownRight, IconArrowRight, IconArrowUpRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useFormats } from "../app/navigation";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { type Change, changeOfRate, directionOf, toneOf } from "./change";
import { Definition, type DefinitionProps } from "./definition";

/** A surface with a heading, for anything. */
export function Tile(props: {
  title: string;
  /** Beside the heading: a `Definition`, buttons. */
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Paper component="section" withBorder p="md" bg="var(--nest-surface)" aria-label={props.title}>
      <Group justify="space-between" mb="xs" wrap="nowrap" align="flex-start">
        <Title order={2} size="h5">
          {props.title}
        </Title>
        {props.aside}
      </Group>
      {props.children}
    </Paper>
  );
}

/** A number as a tile shows it. */
export interface MetricProps extends DefinitionProps {
  /** The number as it is read: `1,234`. */
  value: string;
  /** Below it: its interval, its counts. */
  detail?: string;
  /** How it changed, where the period is compared. */
  change?: Change | undefined;
  /** The number of the period compared with, as it is read. */
  before?: string | undefined;
}

/** A number with its change, whose definition opens on demand. */
export function Metric({ value, detail, change, before, ...definition }: MetricProps) {
  return (
    <Paper
      component="section"
      withBorder
      p="md"
      bg="var(--nest-surface)"
      aria-label={definition.name}
    >
      <Group justify="space-between" wrap="nowrap" gap={4} align="flex-start">
        <Text component="h2" size="sm" fw={500} c="dimmed">
          {definition.name}
        </Text>
        <Definition {...definition} />
      </Group>
      <Stack gap={2}>
        <Text fz={26} fw={650} lh={1.25} style={{ fontVariantNumeric: "tabular-nums" }}>
          {value}
        </Text>
        {detail && (
          <Text size="xs" c="dimmed">
            {detail}
          </Text>
        )}
        {change && <ChangeLine change={change} before={before} />}
      </Stack>
    </Paper>
  );
}

/** A share with its 95 % interval, its counts, and its change in percentage points. */
export function RateMetric(props: {
  rate: Schema<"Rate">;
  change?: Schema<"RateChange"> | undefined;
  before?: Schema<"Rate"> | undefined;
  /** Whether more is better (`up`, the default), worse (`down`) or neither. */
  better?: Change["better"];
  definition: DefinitionProps;
}) {
  const t = useTexts(common).meta;
  const formats = useFormats();
  const { rate, change, before } = props;
  const counts = t.of(formats.count(rate.num), formats.count(rate.den));
  const interval = formats.interval(rate.ciLow, rate.ciHigh);
  return (
    <Metric
      {...props.definition}
      value={formats.share(rate.value)}
      detail={rate.nMinOk ? `${interval} · ${counts}` : `${counts} · ${t.few}`}
      change={change && changeOfRate(change, props.better)}
      before={before && formats.share(before.value)}
    />
  );
}

/** How a number changed: arrow, sign and words, so that colour is never all that says it. */
export function ChangeLine({ change, before }: { change: Change; before?: string | undefined }) {
  const t = useTexts(common).change;
  const formats = useFormats();
  if (change.value == null) {
    return (
      <Text size="xs" c="dimmed">
        {t.nothing}
      </Text>
    );
  }
  const direction = directionOf(change);
  const Arrow = { up: IconArrowUpRight, down: IconArrowDownRight, same: IconArrowRight }[direction];
  const amount =
    change.kind === "points" ? formats.points(change.value) : formats.change(change.value);
  const verdict = change.verdict ? ` · ${t.verdicts[change.verdict]}` : "";
  const tone = toneOf(change);
  const color = tone === "neutral" ? "dimmed" : `var(--nest-${tone === "good" ? "up" : "down"})`;
  return (
    <Group gap={4} wrap="nowrap" align="flex-start" c={color}>
      <Arrow size={16} aria-label={t[direction]} role="img" style={{ flexShrink: 0 }} />
      <Text size="xs">
        {amount} {t.than}
        {verdict}
        {before !== undefined && ` (${t.before(before)})`}
      </Text>
    </Group>
  );
}
