// A ledger as an equation: a whole, the parts that it is the sum of, and whether that is so.

import { Badge, Box, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { bars } from "../../components/lines";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** A number of events with its name. */
export interface Term {
  name: string;
  count: number;
}

/** A ledger. */
export interface BalanceProps {
  label: string;
  whole: Term;
  parts: readonly Term[];
  /** Whether the sum is right and all of it is known. */
  isRight: boolean;
  /** The same in words. */
  verdict: string;
}

/** The equation, its verdict, and what is not stored (the parts but the first) as bars. */
export function Balance(props: BalanceProps & { hasChart?: boolean }) {
  const t = useTexts(texts);
  const { label: about, whole, parts, hasChart = false } = props;
  const label = t.notStored(about);
  return (
    <Stack gap="sm">
      <Equation {...props} />
      {hasChart && whole.count > 0 && <PartsChart label={label} parts={parts.slice(1)} />}
    </Stack>
  );
}

function Equation({ whole, parts, isRight, verdict }: BalanceProps) {
  const Sign = isRight ? IconCircleCheck : IconAlertTriangle;
  return (
    <>
      <Group component="dl" gap="xs" m={0} align="flex-start">
        <EquationTerm sign="" term={whole} />
        {parts.map((part, at) => (
          <EquationTerm key={part.name} sign={at === 0 ? "=" : "+"} term={part} />
        ))}
      </Group>
      <Badge
        variant="outline"
        tt="none"
        miw="max-content"
        c={isRight ? "var(--nest-up)" : "var(--nest-down)"}
        style={{ borderColor: "currentColor" }}
        leftSection={<Sign size={14} aria-hidden />}
      >
        {verdict}
      </Badge>
    </>
  );
}

function EquationTerm({ sign, term }: { sign: string; term: Term }) {
  const formats = useFormats();
  return (
    <Box>
      <Text component="dt" size="xs" c="dimmed">
        {term.name}
      </Text>
      <Text component="dd" m={0} fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
        {sign && (
          <Text span c="dimmed" fw={400}>
            {sign}{" "}
          </Text>
        )}
        {formats.count(term.count)}
      </Text>
    </Box>
  );
}

function PartsChart({ label, parts }: { label: string; parts: readonly Term[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const option = useCallback(
    () => ({
      ...bars(
        {
          labels: parts.map(({ name }) => name),
          format: formats.count,
          series: [{ name: t.events, values: parts.map(({ count }) => count) }],
        },
        true,
      ),
      xAxis: {
        type: "value",
        min: 0,
        minInterval: 1,
        splitNumber: 3,
        axisLabel: { formatter: formats.countShort, hideOverlap: true },
      },
    }),
    [parts, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [{ header: t.term }, { header: t.events, format: formats.count }],
      rows: parts.map(({ name, count }) => [name, count]),
    }),
    [parts, formats, t],
  );
  return <Chart label={label} option={option} table={table} height={220} />;
}
