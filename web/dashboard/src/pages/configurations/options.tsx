// Options: how often they are taken of those that could, how often regretted, and who converts.

import { Badge, Group, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import type { CatalogueNames } from "../../components/catalogue-names";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { rateBars } from "../../components/rate-bars";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { useLabelWidth } from "../../components/use-label-width";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Option = Schema<"PopularOption">;

const ROW_HEIGHT = 24;

/** All options, or those of a category. */
export function Options(props: {
  report: Schema<"PopularConfigs">;
  names: CatalogueNames;
  category: string;
}) {
  const t = useTexts(texts);
  const { report, names, category } = props;
  const options = useMemo(
    () => report.options.filter((option) => !category || option.category === category),
    [report, category],
  );
  const columns = useColumns(names);
  return (
    <Tile
      title={t.options}
      aside={<Definition name={t.options} text={t.optionsText} meta={report.meta} />}
    >
      <TakeRates options={options} names={names} isOneCategory={category !== ""} />
      <DataTable
        label={t.options}
        columns={columns}
        rows={options}
        rowKey={(option) => `${option.category}/${option.option}`}
        maxHeight={620}
      />
    </Tile>
  );
}

function TakeRates(props: {
  options: readonly Option[];
  names: CatalogueNames;
  isOneCategory: boolean;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { options, names, isOneCategory } = props;
  const rows = useMemo(
    () =>
      options
        .filter(({ takeRate }) => takeRate.value != null)
        .map((option) => ({
          name: labelOf(option, names, isOneCategory),
          rate: option.takeRate,
          option,
        })),
    [options, names, isOneCategory],
  );
  const labelWidth = useLabelWidth();
  const option = useCallback(
    (look: ChartLook) => rateBars({ name: t.takeRate, rows, formats, labelWidth }, look),
    [rows, formats, labelWidth, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.option },
        { header: t.takeRate, format: formats.share },
        { header: t.low, format: formats.share },
        { header: t.high, format: formats.share },
        { header: t.active, format: formats.share },
        { header: t.preselected, format: formats.share },
        { header: t.exposed, format: formats.count },
      ],
      rows: rows.map(({ name, rate, option }) => [
        name,
        rate.value,
        rate.ciLow,
        rate.ciHigh,
        option.activeTakeRate.value,
        option.defaultTakeRate.value,
        rate.den,
      ]),
    }),
    [rows, formats, t],
  );
  const height = 50 + rows.length * ROW_HEIGHT;
  return <Chart label={t.takeRates} option={option} table={table} height={height} />;
}

/** The option's name, after its category's where options of several stand together. */
function labelOf({ category, option }: Option, names: CatalogueNames, isOneCategory: boolean) {
  const name = names.option(category, option);
  return isOneCategory ? name : `${names.category(category)} · ${name}`;
}

function useColumns(names: CatalogueNames): readonly Column<Option>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const rate = (
      id: string,
      header: string,
      of: (row: Option) => Schema<"Rate">,
    ): Column<Option> => ({
      id,
      header,
      align: "right",
      value: (row) => of(row).value,
      cell: (row) => <RateCell rate={of(row)} />,
    });
    return [
      {
        id: "option",
        header: t.option,
        value: (row) => `${names.category(row.category)} ${names.option(row.category, row.option)}`,
        cell: (row) => (
          <>
            <Text size="sm" fw={600}>
              {names.option(row.category, row.option)}
            </Text>
            <Text size="xs" c="dimmed">
              {names.category(row.category)}
            </Text>
          </>
        ),
      },
      { id: "votes", header: t.votes, value: ({ votes }) => votes, format: formats.count },
      rate("take", t.takeRate, ({ takeRate }) => takeRate),
      rate("active", t.active, ({ activeTakeRate }) => activeTakeRate),
      rate("default", t.preselected, ({ defaultTakeRate }) => defaultTakeRate),
      rate("regret", t.regret, ({ regretRate }) => regretRate),
      rate("with", t.conversionWith, ({ conversionWith }) => conversionWith),
      rate("without", t.conversionWithout, ({ conversionWithout }) => conversionWithout),
      {
        id: "trend",
        header: t.trend,
        align: "right",
        value: ({ trend }) => trend.z,
        cell: ({ trend }) => <TrendCell trend={trend} />,
      },
      {
        id: "weighted",
        header: t.weighted,
        value: ({ trend }) => trend.decayedCount,
        format: formats.decimal,
      },
    ];
  }, [t, formats, names]);
}

/** The share now and before, and whether it is rising. */
export function TrendCell({ trend }: { trend: Schema<"Trend"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { recent, baseline, qValue, trending } = trend;
  return (
    <>
      <Group gap={6} justify="flex-end" wrap="nowrap">
        {trending && (
          <Badge size="xs" variant="outline">
            {t.rising}
          </Badge>
        )}
        <Text size="xs" style={{ whiteSpace: "nowrap" }}>
          {t.trendNow(formats.share(recent.value), formats.share(baseline.value))}
        </Text>
      </Group>
      {qValue != null && (
        <Text size="xs" c="dimmed">
          {t.trendQ(formats.decimal(qValue, 3))}
        </Text>
      )}
    </>
  );
}
