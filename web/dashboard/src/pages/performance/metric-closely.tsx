// One metric over time, by device and by page.

import { Stack, Title } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { lines } from "../../components/lines";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { RatingBadge } from "./rating-badge";
import { texts } from "./texts";
import { useTimeLabels } from "./time-labels";
import { useMetricFormat, useMetricNames } from "./visitors";

type Part = Schema<"MeasuredPart">;

/** The metric's chart and tables. */
export function MetricClosely(props: {
  metric: Schema<"MetricReport">;
  report: Schema<"Performance">;
}) {
  const t = useTexts(texts);
  const { metric, report } = props;
  const { name } = useMetricNames()(metric.metric);
  const devices = useDeviceNames();
  return (
    <Tile
      title={t.closely(name)}
      aside={<Definition name={name} text={t.closelyText} meta={report.meta} />}
    >
      <OverTime metric={metric} name={name} />
      <Stack mt="md">
        <div>
          <Title order={3} size="h6" mb="xs">
            {t.byDevice}
          </Title>
          <Parts label={t.byDevice} parts={metric.byDevice} unit={metric.unit} name={devices} />
        </div>
        <div>
          <Title order={3} size="h6" mb="xs">
            {t.byPage}
          </Title>
          <Parts label={t.byPage} parts={metric.byPageGroup} unit={metric.unit} name={devices} />
        </div>
      </Stack>
    </Tile>
  );
}

function OverTime({ metric, name }: { metric: Schema<"MetricReport">; name: string }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const write = useMetricFormat(metric.unit);
  const { byTime, thresholds } = metric;
  const labels = useTimeLabels(byTime);
  const option = useCallback(
    (look: ChartLook) => {
      const made = lines({
        labels,
        format: write,
        partial: byTime.map(({ partial }) => partial),
        series: [{ name: t.p75, values: byTime.map(({ p75 }) => p75) }],
      });
      return {
        ...made,
        grid: { left: 8, right: 64, top: 16, bottom: 4, containLabel: true },
        yAxis: { type: "value", min: 0, axisLabel: { formatter: write } },
        series: [
          {
            type: "line",
            name: t.p75,
            data: byTime.map(({ p75, partial }) =>
              partial ? { value: p75, symbol: "emptyCircle" } : p75,
            ),
            symbolSize: 6,
            symbol: "circle",
            lineStyle: { width: 2 },
            ...(thresholds ? { markLine: limits(thresholds, t, look) } : {}),
          },
        ],
      };
    },
    [labels, byTime, thresholds, write, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.time },
        { header: t.n, format: formats.count },
        { header: "p50", format: write },
        { header: "p75", format: write },
        { header: "p95", format: write },
        { header: "p99", format: write },
        { header: t.good, format: formats.share },
      ],
      rows: byTime.map(({ n, p50, p75, p95, p99, good, partial }, at) => [
        partial ? `${labels[at]} (${t.system.incomplete})` : labels[at],
        n,
        p50,
        p75,
        p95,
        p99,
        good?.value,
      ]),
    }),
    [byTime, labels, formats, write, t],
  );
  return <Chart label={t.overTime(name)} option={option} table={table} height={240} />;
}

function limits(
  { good, poor }: Schema<"Thresholds">,
  t: { readonly limitGood: string; readonly limitPoor: string },
  look: ChartLook,
) {
  const limit = (yAxis: number, formatter: string) => ({ yAxis, label: { formatter } });
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: look.dimmed, type: "dashed" },
    label: { color: look.text, position: "end" },
    data: [limit(good, t.limitGood), limit(poor, t.limitPoor)],
  };
}

function Parts(props: {
  label: string;
  parts: readonly Part[];
  unit: string | null | undefined;
  name: (value: string) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { label, parts, unit, name } = props;
  const write = useMetricFormat(unit);
  const columns = useMemo<readonly Column<Part>[]>(
    () => [
      { id: "value", header: t.value, value: ({ value }) => name(value) },
      { id: "n", header: t.n, value: ({ n }) => n, format: formats.count },
      ...(["p50", "p75", "p95"] as const).map(
        (percentile): Column<Part> => ({
          id: percentile,
          header: percentile,
          value: (part) => part[percentile],
          format: write,
        }),
      ),
      { id: "good", header: t.good, value: ({ good }) => good?.value, format: formats.share },
      {
        id: "rating",
        header: t.rating,
        value: ({ rating }) => rating,
        cell: (part) => <RatingBadge measured={part} />,
      },
    ],
    [t, formats, write, name],
  );
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={parts}
      rowKey={({ value }) => value}
      maxHeight={420}
    />
  );
}

function useDeviceNames(): (value: string) => string {
  const { device, notSet } = useTexts(common);
  return useCallback(
    (value: string) => {
      const names: Readonly<Record<string, string>> = device;
      return value === "(not set)" ? notSet : (names[value] ?? value);
    },
    [device, notSet],
  );
}
