// How fast pages and the configurator are for visitors: web vitals and timers.

import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconCircleCheck, IconCircleX, IconHourglass, IconZoomIn } from "@tabler/icons-react";
import { useCallback } from "react";
import { useFormats } from "../../app/navigation";
import { changeOfCount, changeOfRate } from "../../components/change";
import { Definition } from "../../components/definition";
import { ChangeLine } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { MetricClosely } from "./metric-closely";
import { RatingBadge } from "./rating-badge";
import { usePerformanceState } from "./state";
import { texts } from "./texts";

const VERDICTS = {
  pass: { Sign: IconCircleCheck, color: "green" },
  fail: { Sign: IconCircleX, color: "red" },
  insufficient: { Sign: IconHourglass, color: "gray" },
} as const;

const VITALS: readonly string[] = ["LCP", "INP", "CLS", "FCP", "TTFB"];
const READABLE = { title: { color: "var(--mantine-color-text)" } };

/** The part about visitors. */
export function VisitorsPart({ report }: { report: Schema<"Performance"> }) {
  const [{ metric }] = usePerformanceState();
  const metrics = [...report.metrics].sort((a, b) => rankOf(a) - rankOf(b));
  const chosen = metrics.find((each) => each.metric === metric) ?? metrics[0];
  return (
    <>
      <Verdict verdict={report.verdict} />
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        {metrics.map((each) => (
          <MetricTile
            key={each.metric}
            metric={each}
            compared={report.comparison?.metrics.find(({ metric: name }) => name === each.metric)}
            meta={report.meta}
            isChosen={each === chosen}
          />
        ))}
      </SimpleGrid>
      {chosen && <MetricClosely metric={chosen} report={report} />}
    </>
  );
}

/** The vitals that decide the verdict come first, then the other vitals, then timers. */
function rankOf({ metric }: Schema<"MetricReport">): number {
  const rank = VITALS.indexOf(metric);
  return rank < 0 ? VITALS.length : rank;
}

function Verdict({ verdict }: { verdict: Schema<"Performance">["verdict"] }) {
  const t = useTexts(texts).verdict;
  if (verdict !== "pass" && verdict !== "fail" && verdict !== "insufficient") return null;
  const { Sign, color } = VERDICTS[verdict];
  return (
    <Alert color={color} icon={<Sign aria-hidden />} title={t[verdict]} styles={READABLE}>
      {t[`${verdict}Text`]}
    </Alert>
  );
}

function MetricTile(props: {
  metric: Schema<"MetricReport">;
  compared: Schema<"ComparedMetric"> | undefined;
  meta: Schema<"Meta">;
  isChosen: boolean;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const names = useMetricNames();
  const [, setState] = usePerformanceState();
  const { metric, compared, meta, isChosen } = props;
  const write = useMetricFormat(metric.unit);
  const { name, short, text } = names(metric.metric);
  return (
    <Paper
      component="section"
      withBorder
      p="md"
      bg="var(--nest-surface)"
      aria-label={name}
      style={isChosen ? { borderColor: "var(--mantine-color-anchor)" } : {}}
    >
      <Group justify="space-between" wrap="nowrap" gap={4} align="flex-start">
        <Text component="h2" size="sm" fw={500} c="dimmed">
          {name}
          {short && ` (${short})`}
        </Text>
        <Definition name={name} text={text} meta={meta} />
      </Group>
      <Group gap="xs" align="center">
        <Text fz={26} fw={650} lh={1.25} style={{ fontVariantNumeric: "tabular-nums" }}>
          {write(metric.p75)}
        </Text>
        <RatingBadge measured={metric} />
      </Group>
      <TileFacts metric={metric} write={write} />
      {compared && (
        <ChangeLine
          change={changeOfCount(compared.p75.change, "down")}
          before={write(compared.p75.before)}
        />
      )}
      {compared?.good && (
        <ChangeLine
          change={changeOfRate(compared.good.change)}
          before={t.goodBefore(formats.share(compared.good.before.value))}
        />
      )}
      <Button
        mt={6}
        size="compact-xs"
        variant="subtle"
        aria-pressed={isChosen}
        aria-label={`${t.look}: ${name}`}
        leftSection={<IconZoomIn size={14} aria-hidden />}
        onClick={() => setState({ metric: metric.metric })}
      >
        {t.look}
      </Button>
    </Paper>
  );
}

function TileFacts(props: {
  metric: Schema<"MetricReport">;
  write: (value: number | null | undefined) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { write } = props;
  const { good, n, thresholds } = props.metric;
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed">
        {t.p75} · {n === 1 ? t.oneMeasurement : t.measurements(formats.count(n))}
      </Text>
      {good && (
        <Text size="xs" c="dimmed">
          {t.goodShare(formats.share(good.value), formats.interval(good.ciLow, good.ciHigh))}
        </Text>
      )}
      {thresholds && (
        <Text size="xs" c="dimmed">
          {t.thresholds(write(thresholds.good), write(thresholds.poor))}
        </Text>
      )}
    </Stack>
  );
}

/** Writes values of a metric: a time, or a number where it has no unit. */
export function useMetricFormat(
  unit: string | null | undefined,
): (value: number | null | undefined) => string {
  const formats = useFormats();
  return useCallback(
    (value) => (unit === "ms" ? formats.latency(value) : formats.decimal(value, 3)),
    [unit, formats],
  );
}

/** Names metrics: what they are, their short name where that is a usual one, their definition. */
export function useMetricNames() {
  const t = useTexts(texts);
  return useCallback(
    (metric: string) => {
      const known: Readonly<Record<string, string>> = t.metrics;
      const vitals: Readonly<Record<string, string>> = t.metricTexts;
      const text = vitals[metric];
      return {
        name: known[metric] ?? metric,
        short: text === undefined ? undefined : metric,
        text: text ?? t.metricTexts.other,
      };
    },
    [t],
  );
}
