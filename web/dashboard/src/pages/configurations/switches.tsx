// From which option to which sessions went.

import { Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import type { CatalogueNames } from "../../components/catalogue-names";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { bars } from "../../components/lines";
import { Tile } from "../../components/tile";
import { useLabelWidth } from "../../components/use-label-width";
import { valueAxis } from "../../components/value-axis";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const DRAWN = 15;
const ROW_HEIGHT = 28;

/** Changes of options, the most frequent drawn, all of them in the table. */
export function Switches(props: {
  report: Schema<"PopularConfigs">;
  names: CatalogueNames;
  category: string;
}) {
  const t = useTexts(texts);
  const { report, names, category } = props;
  const rows = useMemo(
    () =>
      report.switches
        .filter((each) => !category || each.category === category)
        .map((each) => ({
          category: names.category(each.category),
          from: names.option(each.category, each.from),
          to: names.option(each.category, each.to),
          sessions: each.sessions,
        })),
    [report, names, category],
  );
  return (
    <Tile
      title={t.switches}
      aside={<Definition name={t.switches} text={t.switchesText} meta={report.meta} />}
    >
      {rows.length > 0 ? <SwitchChart rows={rows} /> : <Text c="dimmed">{t.noSwitches}</Text>}
    </Tile>
  );
}

function SwitchChart(props: {
  rows: readonly { category: string; from: string; to: string; sessions: number }[];
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { rows } = props;
  const drawn = Math.min(rows.length, DRAWN);
  const labelWidth = useLabelWidth();
  const option = useCallback(() => {
    const shown = rows.slice(0, drawn);
    const labels = shown.map(({ from, to }) => `${from} → ${to}`);
    const series = [{ name: t.changed, values: shown.map(({ sessions }) => sessions) }];
    return {
      ...bars({ labels, format: formats.count, series }, true),
      xAxis: valueAxis(formats.count),
      yAxis: {
        type: "category",
        data: labels,
        inverse: true,
        axisLabel: { width: labelWidth, overflow: "truncate" },
      },
    };
  }, [rows, drawn, labelWidth, formats, t]);
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.category },
        { header: t.from },
        { header: t.to },
        { header: t.changed, format: formats.count },
      ],
      rows: rows.map(({ category, from, to, sessions }) => [category, from, to, sessions]),
    }),
    [rows, formats, t],
  );
  return (
    <Chart label={t.switches} option={option} table={table} height={40 + drawn * ROW_HEIGHT} />
  );
}
