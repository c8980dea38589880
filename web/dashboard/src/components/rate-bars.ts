// Lying bars of shares, each with its 95 % interval.

import type { Schema } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import type { Formats } from "../i18n/formats";
import type { ChartLook } from "./chart-look";
import { valueAxis } from "./value-axis";

/** What bars of shares show. */
export interface RateBars {
  /** What the shares are, in the tooltip. */
  name: string;
  rows: readonly { name: string; rate: Schema<"Rate"> | undefined }[];
  formats: Formats;
  /** Pixels for names; from `useLabelWidth`. */
  labelWidth: number;
}

/** The option of ECharts. */
export function rateBars(
  { name, rows, formats, labelWidth }: RateBars,
  look: ChartLook,
): EChartsCoreOption {
  const dataOf = (rate: Schema<"Rate"> | undefined, at: number) =>
    rate?.ciLow == null || rate.ciHigh == null ? [] : [[at, rate.ciLow, rate.ciHigh]];
  return {
    grid: { left: 8, right: 24, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      confine: true,
      renderMode: "richText",
      formatter: (shown: readonly { dataIndex: number }[]) => {
        const row = rows[shown[0]?.dataIndex ?? -1];
        if (!row?.rate) return "";
        const { value, ciLow, ciHigh, num, den } = row.rate;
        const counts = `${formats.count(num)} / ${formats.count(den)}`;
        const interval = formats.interval(ciLow, ciHigh);
        return `${row.name}\n${name}: ${formats.share(value)}\n${interval} (95 %)\n${counts}`;
      },
    },
    xAxis: valueAxis((share) => formats.share(share, 0)),
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((row) => row.name),
      axisLabel: { width: labelWidth, overflow: "truncate" },
    },
    series: [
      { type: "bar", name, barMaxWidth: 22, data: rows.map(({ rate }) => rate?.value) },
      {
        type: "custom",
        name: "95 %",
        z: 3,
        silent: true,
        encode: { x: [1, 2], y: 0 },
        data: rows.flatMap(({ rate }, at) => dataOf(rate, at)),
        renderItem: (_: unknown, api: Drawing) => drawInterval(api, look.text),
      },
    ],
  };
}

interface Drawing {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly [number, number];
}

/** A line from the lower to the upper bound, with a stop at each end. */
function drawInterval(api: Drawing, stroke: string): object {
  const at = api.value(0);
  const [low, middle] = api.coord([api.value(1), at]);
  const [high] = api.coord([api.value(2), at]);
  const line = (x1: number, y1: number, x2: number, y2: number) => ({
    type: "line",
    shape: { x1, y1, x2, y2 },
    style: { stroke, lineWidth: 1.5 },
  });
  return {
    type: "group",
    children: [
      line(low, middle, high, middle),
      line(low, middle - 4, low, middle + 4),
      line(high, middle - 4, high, middle + 4),
    ],
  };
}
