// What configurations cost: histogram, quantiles against the period before, and slices.

import { Checkbox, SegmentedControl, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import type { UseQueryResult } from "@tanstack/react-query";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import type { CatalogueNames } from "../../components/catalogue-names";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import { common } from "../../i18n/common";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { SLICES, type StateProps } from "./state";
import { texts } from "./texts";

type Report = Schema<"PriceDistribution">;
type Distribution = Schema<"Distribution">;
type Bin = Schema<"Bin">;

const MARKED = ["p25", "p50", "p75"] as const;
const PERCENTILES = ["p5", "p10", "p25", "p50", "p75", "p90", "p95"] as const;

interface Props extends StateProps {
  query: UseQueryResult<Report, Problem>;
  names: CatalogueNames;
}

/** Everything about prices. */
export function Prices({ query, names, state, onChange }: Props) {
  const t = useTexts(texts);
  return (
    <Tile
      title={t.prices}
      aside={
        query.data && <Definition name={t.prices} text={t.pricesText} meta={query.data.meta} />
      }
    >
      <QueryView query={query} height={320}>
        {(report) => (
          <>
            <Checkbox
              label={t.repriced}
              description={t.repricedHint(String(report.priceListVersion))}
              checked={state.repriced === true}
              onChange={({ currentTarget: { checked } }) =>
                onChange({ repriced: checked || undefined })
              }
            />
            {report.distribution.sessions === 0 ? (
              <Text c="dimmed">{t.noPrices}</Text>
            ) : (
              <>
                <Histogram report={report} />
                <SimpleGrid cols={{ base: 1, lg: 2 }}>
                  <Quantiles report={report} />
                  <Slices report={report} names={names} state={state} onChange={onChange} />
                </SimpleGrid>
              </>
            )}
          </>
        )}
      </QueryView>
    </Tile>
  );
}

function Histogram({ report }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { currency, distribution } = report;
  const labels = useMemo(
    () => distribution.bins.map((bin) => binLabel(bin, t, formats, currency)),
    [distribution, t, formats, currency],
  );
  const option = useCallback(
    (look: ChartLook) => histogramOf({ distribution, labels, t, formats, currency, look }),
    [distribution, labels, t, formats, currency],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [{ header: t.bin }, { header: t.count, format: formats.count }],
      rows: distribution.bins.map(({ sessions }, at) => [labels[at], sessions]),
    }),
    [distribution, labels, t, formats],
  );
  return <Chart label={t.histogram} option={option} table={table} height={320} />;
}

function histogramOf(shown: {
  distribution: Distribution;
  labels: readonly string[];
  t: { count: string; quantiles: Readonly<Record<(typeof PERCENTILES)[number], string>> };
  formats: Formats;
  currency: string;
  look: ChartLook;
}): EChartsCoreOption {
  const { distribution, labels, t, formats, currency, look } = shown;
  const { bins, percentiles } = distribution;
  const marks = MARKED.flatMap((key) => {
    const price = percentiles?.[key];
    const at = price === undefined ? undefined : placeOf(price, distribution);
    return at === undefined
      ? []
      : [{ xAxis: at, name: t.quantiles[key], label: { distance: key === "p50" ? 20 : 6 } }];
  });
  return {
    grid: { left: 8, right: 20, top: 46, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      confine: true,
      renderMode: "richText",
      formatter: (parts: readonly { dataIndex: number }[]) => {
        const at = parts[0]?.dataIndex ?? -1;
        return `${labels[at]}\n${t.count}: ${formats.count(bins[at]?.sessions)}`;
      },
    },
    xAxis: [
      {
        type: "category",
        data: bins.map((bin) => edgeOf(bin, formats, currency)),
        axisLabel: { hideOverlap: true },
      },
      { type: "value", min: 0, max: bins.length, show: false },
    ],
    yAxis: valueAxis(formats.count),
    series: [
      {
        type: "bar",
        name: t.count,
        barCategoryGap: "6%",
        data: bins.map(({ sessions }) => sessions),
      },
      {
        type: "line",
        xAxisIndex: 1,
        data: [],
        markLine: {
          symbol: "none",
          silent: true,
          lineStyle: { color: look.text, width: 1.5, type: "dashed" },
          label: {
            color: look.text,
            position: "end",
            formatter: ({ name }: { name: string }) => name,
          },
          data: marks,
        },
      },
    ],
  };
}

/** Where a bin begins, in little space. */
function edgeOf({ fromCents, toCents }: Bin, formats: Formats, currency: string): string {
  if (fromCents == null) return `< ${formats.moneyShort(toCents, currency)}`;
  const edge = formats.moneyShort(fromCents, currency);
  return toCents == null ? `≥ ${edge}` : edge;
}

/** Where a price is among the bins, counted from the left edge of the first one. */
function placeOf(price: number, { bins, minCents, maxCents }: Distribution): number | undefined {
  const at = bins.findIndex(({ toCents }) => toCents == null || price < toCents);
  const bin = bins[at];
  if (!bin) return undefined;
  const from = bin.fromCents ?? minCents ?? price;
  const to = bin.toCents ?? maxCents ?? price;
  return at + (to > from ? (price - from) / (to - from) : 0.5);
}

function binLabel(
  { fromCents, toCents }: Bin,
  t: {
    under: (to: string) => string;
    over: (from: string) => string;
    between: (from: string, to: string) => string;
  },
  formats: Formats,
  currency: string,
): string {
  const [low, high] = [formats.money(fromCents, currency), formats.money(toCents, currency)];
  if (fromCents == null) return t.under(high);
  return toCents == null ? t.over(low) : t.between(low, high);
}

interface QuantileRow {
  key: string;
  name: string;
  price: number | null | undefined;
  before?: number | undefined;
  change?: number | null | undefined;
}

function Quantiles({ report }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { comparison, currency, distribution } = report;
  const changes: Readonly<Record<string, number | null | undefined>> = {
    p25: comparison?.changes?.p25,
    p50: comparison?.changes?.p50,
    p75: comparison?.changes?.p75,
  };
  const rows: readonly QuantileRow[] = [
    { key: "min", name: t.quantiles.min, price: distribution.minCents },
    ...PERCENTILES.map((key) => ({
      key,
      name: t.quantiles[key],
      price: distribution.percentiles?.[key],
      before: comparison?.percentiles?.[key],
      change: changes[key],
    })),
    { key: "max", name: t.quantiles.max, price: distribution.maxCents },
  ];
  const columns = useMemo<readonly Column<QuantileRow>[]>(() => {
    const right = { align: "right", sortable: false } as const;
    const money = (cents: number | null | undefined) => formats.money(cents, currency);
    return [
      { id: "quantile", header: t.quantile, value: ({ name }) => name, sortable: false },
      { id: "price", header: t.price, ...right, value: ({ price }) => price, format: money },
      { id: "before", header: t.beforePrice, ...right, value: (row) => row.before, format: money },
      {
        id: "change",
        header: t.change,
        ...right,
        value: ({ change }) => change,
        format: formats.change,
      },
    ];
  }, [t, formats, currency]);
  return (
    <Stack gap="xs">
      <Title order={3} size="h6">
        {t.percentiles}
      </Title>
      <DataTable label={t.percentiles} columns={columns} rows={rows} rowKey={({ key }) => key} />
    </Stack>
  );
}

function Slices(props: StateProps & { report: Report; names: CatalogueNames }) {
  const t = useTexts(texts);
  const { report, names, state, onChange } = props;
  const { slice } = state;
  const columns = useSliceColumns(slice, names, report.currency);
  return (
    <Stack gap="xs">
      <Title order={3} size="h6">
        {t.slices}
      </Title>
      <SegmentedControl
        size="xs"
        aria-label={t.slices}
        value={slice}
        onChange={(value) => onChange({ slice: value })}
        data={SLICES.map((value) => ({ value, label: t.slice[value] }))}
      />
      <DataTable
        label={`${t.slices}: ${t.slice[slice]}`}
        columns={columns}
        rows={report[slice]}
        rowKey={({ value }) => value}
        maxHeight={420}
      />
    </Stack>
  );
}

function useSliceColumns(
  slice: (typeof SLICES)[number],
  names: CatalogueNames,
  currency: string,
): readonly Column<Schema<"PriceSlice">>[] {
  const t = useTexts(texts);
  const { notSet } = useTexts(common);
  const formats = useFormats();
  return useMemo(() => {
    const statuses: Readonly<Record<string, string>> = t.status;
    const nameOf = (value: string) => {
      if (value === "(not set)") return notSet;
      if (slice === "byBase") return names.option("nest", value);
      return slice === "byStatus" ? (statuses[value] ?? value) : value;
    };
    const price = (
      id: "p25Cents" | "p50Cents" | "p75Cents",
      header: string,
    ): Column<Schema<"PriceSlice">> => ({
      id,
      header,
      align: "right",
      value: (row) => row[id],
      cell: (row) => formats.money(row[id], currency),
    });
    return [
      { id: "value", header: t.slice[slice], value: ({ value }) => nameOf(value) },
      { id: "votes", header: t.votes, value: ({ votes }) => votes, format: formats.count },
      price("p25Cents", t.p25),
      price("p50Cents", t.p50),
      price("p75Cents", t.p75),
    ];
  }, [slice, names, currency, t, notSet, formats]);
}
