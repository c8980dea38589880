// Options of ECharts for the charts that most pages have: lines and bars over labels.

import type { EChartsCoreOption } from "echarts/core";

/** A series: a value for each label; nothing where there is none. */
export interface Series {
  name: string;
  values: readonly (number | null | undefined)[];
  /** A dashed line: what is compared with. */
  dashed?: boolean;
  /** The surface below the line is tinted. */
  area?: boolean;
  /** Series of the same stack stand on each other. */
  stack?: string;
}

/** What a chart over labels shows. */
export interface Labelled {
  labels: readonly string[];
  series: readonly Series[];
  /** Which labels are cut short: the first line's points are hollow there. */
  partial?: readonly boolean[];
  /** How values are written, at the axis and in the tooltip. */
  format: (value: number) => string;
}

/** Lines over labels. Each has its own symbol, so that they differ without colour. */
export function lines(shown: Labelled): EChartsCoreOption {
  return {
    ...frame(shown),
    xAxis: { type: "category", data: shown.labels, boundaryGap: false },
    yAxis: valueAxis(shown),
    series: shown.series.map((series, at) => ({
      type: "line",
      name: series.name,
      data: series.values.map((value, point) =>
        at === 0 && shown.partial?.[point] ? { value, symbol: "emptyCircle" } : value,
      ),
      symbol: SYMBOLS[at % SYMBOLS.length],
      symbolSize: 6,
      showSymbol: shown.labels.length <= 62,
      lineStyle: { width: 2, type: series.dashed ? "dashed" : "solid" },
      ...(series.area ? { areaStyle: { opacity: 0.12 } } : {}),
      ...(series.stack ? { stack: series.stack } : {}),
    })),
  };
}

/** Bars over labels, standing; or lying, where labels are long. */
export function bars(shown: Labelled, lying = false): EChartsCoreOption {
  const labels = { type: "category", data: shown.labels, ...(lying ? { inverse: true } : {}) };
  return {
    ...frame(shown),
    xAxis: lying ? valueAxis(shown) : labels,
    yAxis: lying ? labels : valueAxis(shown),
    series: shown.series.map((series) => ({
      type: "bar",
      name: series.name,
      data: series.values,
      barMaxWidth: 36,
      ...(series.stack ? { stack: series.stack } : {}),
    })),
  };
}

const SYMBOLS = ["circle", "triangle", "rect", "diamond", "pin", "arrow"];

function frame({ series, format }: Labelled): EChartsCoreOption {
  const many = series.length > 1;
  return {
    grid: { left: 8, right: 16, top: many ? 36 : 12, bottom: 4, containLabel: true },
    ...(many ? { legend: { top: 0, left: 0, type: "scroll" } } : {}),
    tooltip: {
      trigger: "axis",
      confine: true,
      valueFormatter: (value: unknown) => (typeof value === "number" ? format(value) : "–"),
    },
  };
}

function valueAxis({ format }: Labelled): object {
  return { type: "value", min: 0, minInterval: 1, axisLabel: { formatter: format } };
}
