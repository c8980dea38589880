// The price over time: what the configuration cost, and what the page showed.

import { Text } from "@mantine/core";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import type { ReportMeta } from "../../components/watermark";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import type { PricePoint } from "./journey";
import { texts } from "./texts";

/** The tape. A click on it opens the moment; the timeline offers the same by keyboard. */
export function PriceTape(props: {
  prices: readonly PricePoint[];
  /** The moment that is open. */
  at: string | undefined;
  meta: ReportMeta;
  onOpen: (id: string) => void;
}) {
  const t = useTexts(texts);
  const { prices, meta } = props;
  return (
    <Tile title={t.tape} aside={<Definition name={t.tape} text={t.tapeText} meta={meta} />}>
      {prices.length === 0 ? <Text c="dimmed">{t.noPrices}</Text> : <TapeChart {...props} />}
    </Tile>
  );
}

function TapeChart(props: {
  prices: readonly PricePoint[];
  at: string | undefined;
  onOpen: (id: string) => void;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { prices, at, onOpen } = props;
  const option = useCallback(
    (look: ChartLook) =>
      tape({ prices, at, names: { computed: t.computed, shown: t.shown }, formats, look }),
    [prices, at, t, formats],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.at },
        { header: t.computed, format: formats.money },
        { header: t.shown, format: formats.money },
      ],
      rows: prices.map((price) => [
        formats.dateTimeExact(price.at),
        price.computedCents,
        price.shownCents,
      ]),
    }),
    [prices, t, formats],
  );
  const select = useCallback(
    ({ dataIndex }: { dataIndex: number }) => {
      const price = prices[dataIndex];
      if (price) onOpen(price.id);
    },
    [prices, onOpen],
  );
  return <Chart label={t.tape} option={option} table={table} height={220} onSelect={select} />;
}

interface Tape {
  prices: readonly PricePoint[];
  at: string | undefined;
  names: { computed: string; shown: string };
  formats: Formats;
  look: ChartLook;
}

function tape({ prices, at, names, formats, look }: Tape): EChartsCoreOption {
  const isOneVisit = new Set(prices.map(({ visit }) => visit)).size === 1;
  const x = (price: PricePoint, place: number) => (isOneVisit ? Date.parse(price.at) : place);
  const points = (value: (price: PricePoint) => number | null) =>
    prices.map((price, place) => [x(price, place), value(price)]);
  const open = prices.filter((price) => at !== undefined && price.at <= at).length - 1;
  const marked = isOneVisit ? at && Date.parse(at) : open;
  const step = { type: "line", step: "end", connectNulls: true, symbolSize: 8 };
  return {
    grid: { left: 8, right: 24, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, type: "scroll" },
    tooltip: {
      trigger: "axis",
      confine: true,
      valueFormatter: (value: unknown) => (typeof value === "number" ? formats.money(value) : "–"),
    },
    xAxis: isOneVisit ? timeAxis(formats) : placeAxis(prices, formats),
    yAxis: {
      type: "value",
      scale: true,
      axisLabel: { formatter: (cents: number) => formats.moneyShort(cents) },
    },
    series: [
      {
        ...step,
        name: names.computed,
        symbol: "circle",
        data: points(({ computedCents }) => computedCents),
        ...(at === undefined || open < 0 ? {} : { markLine: mark(marked, look) }),
      },
      {
        ...step,
        name: names.shown,
        symbol: "triangle",
        lineStyle: { type: "dashed", width: 1 },
        data: points(({ shownCents }) => shownCents),
      },
    ],
  };
}

function timeAxis(formats: Formats): object {
  const write = (ms: number) => formats.time(new Date(ms).toISOString());
  return {
    type: "time",
    axisLabel: { formatter: write, hideOverlap: true },
    axisPointer: { label: { formatter: ({ value }: { value: number }) => write(value) } },
  };
}

function placeAxis(prices: readonly PricePoint[], formats: Formats): object {
  return {
    type: "category",
    data: prices.map(({ at }) => formats.dateTime(at)),
    axisLabel: { hideOverlap: true },
  };
}

function mark(x: unknown, look: ChartLook): object {
  return {
    silent: true,
    symbol: "none",
    animation: false,
    label: { show: false },
    lineStyle: { color: look.text, type: "solid", width: 1.5 },
    data: [{ xAxis: x }],
  };
}
