// How long it takes to come to each step: quartiles and the ninth decile.

import { SegmentedControl, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo, useState } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Row extends Schema<"StepTimes"> {
  name: string;
}

const ORIGINS = ["fromStart", "fromPrevious"] as const;

/** Times to all steps but the first. `steps` are the names of steps. */
export function Times(props: { report: Schema<"FunnelReport">; steps: readonly string[] }) {
  const t = useTexts(texts);
  const [origin, setOrigin] = useState<(typeof ORIGINS)[number]>("fromStart");
  const { report, steps } = props;
  const rows = useMemo(
    () =>
      report.steps.map((step, at) => ({ name: steps[at] ?? step.name, ...step[origin] })).slice(1),
    [report, steps, origin],
  );
  return (
    <Tile
      title={t.time}
      aside={
        <Definition name={t.time} text={`${t.timeText} ${t.timeChartText}`} meta={report.meta} />
      }
    >
      <SegmentedControl
        size="xs"
        aria-label={t.time}
        value={origin}
        onChange={setOrigin}
        data={ORIGINS.map((value) => ({ value, label: t[value] }))}
      />
      {rows.some(({ p50Ms }) => p50Ms != null) ? (
        <TimeChart rows={rows} />
      ) : (
        <Text c="dimmed" size="sm" mt="sm">
          {t.notEnough}
        </Text>
      )}
    </Tile>
  );
}

function TimeChart({ rows }: { rows: readonly Row[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const option = useCallback(
    (look: ChartLook) => optionOf(rows, t, formats, look),
    [rows, t, formats],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.step },
        { header: t.p25, format: formats.duration },
        { header: t.p50, format: formats.duration },
        { header: t.p75, format: formats.duration },
        { header: t.p90, format: formats.duration },
      ],
      rows: rows.map(({ name, p25Ms, p50Ms, p75Ms, p90Ms }) => [name, p25Ms, p50Ms, p75Ms, p90Ms]),
    }),
    [rows, t, formats],
  );
  return <Chart label={t.timeChart} option={option} table={table} height={260} />;
}

function optionOf(
  rows: readonly Row[],
  t: Readonly<Record<"p25" | "p50" | "p75" | "p90", string>>,
  formats: Formats,
  look: ChartLook,
): EChartsCoreOption {
  return {
    grid: { left: 8, right: 28, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "item",
      confine: true,
      renderMode: "richText",
      formatter: ({ value: [at = -1] }: { value: readonly number[] }) => {
        const row = rows[at];
        if (!row) return "";
        const line = (key: keyof typeof t) => `${t[key]}: ${formats.duration(row[`${key}Ms`])}`;
        return [row.name, line("p25"), line("p50"), line("p75"), line("p90")].join("\n");
      },
    },
    xAxis: valueAxis(formats.duration),
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map(({ name }) => name),
      axisLabel: { width: 120, overflow: "truncate" },
    },
    series: [
      {
        type: "custom",
        encode: { x: [1, 2, 3, 4], y: 0 },
        data: rows.flatMap(({ p25Ms, p50Ms, p75Ms, p90Ms }, at) =>
          p50Ms == null ? [] : [[at, p25Ms, p50Ms, p75Ms, p90Ms]],
        ),
        renderItem: (_: unknown, api: Drawing) => drawQuantiles(api, look),
      },
    ],
  };
}

interface Drawing {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly [number, number];
}

/** A box from quartile to quartile, a line at the median, a whisker to the ninth decile. */
function drawQuantiles(api: Drawing, look: ChartLook): object {
  const at = api.value(0);
  const [p25, middle] = api.coord([api.value(1), at]);
  const [p50] = api.coord([api.value(2), at]);
  const [p75] = api.coord([api.value(3), at]);
  const [p90] = api.coord([api.value(4), at]);
  const half = 11;
  const line = (x1: number, y1: number, x2: number, y2: number, lineWidth: number) => ({
    type: "line",
    shape: { x1, y1, x2, y2 },
    style: { stroke: look.text, lineWidth },
  });
  return {
    type: "group",
    children: [
      line(p75, middle, p90, middle, 1.5),
      line(p90, middle - 6, p90, middle + 6, 1.5),
      {
        type: "rect",
        shape: { x: p25, y: middle - half, width: Math.max(1, p75 - p25), height: 2 * half, r: 3 },
        style: { fill: look.palette[0] },
      },
      line(p50, middle - half, p50, middle + half, 3),
    ],
  };
}
