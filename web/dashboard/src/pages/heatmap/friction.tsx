// Categories that visitors could not decide in, or left at once.

import { SimpleGrid, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { useCatalogueNames } from "../../components/catalogue-names";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { bars } from "../../components/lines";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const ROW_HEIGHT = 34;

/** Both kinds of friction, side by side. */
export function Friction({ report }: { report: Schema<"Heatmap"> }) {
  const t = useTexts(texts);
  const kinds = [
    { title: t.indecision, text: t.indecisionText, rows: report.indecision ?? [] },
    { title: t.quickBacks, text: t.quickBacksText, rows: report.quickBacks ?? [] },
  ];
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      {kinds.map(({ title, text, rows }) => (
        <Tile
          key={title}
          title={title}
          aside={<Definition name={title} text={text} meta={report.meta} />}
        >
          {rows.length > 0 ? (
            <Categories title={title} rows={rows} />
          ) : (
            <Text c="dimmed">{t.noFriction}</Text>
          )}
        </Tile>
      ))}
    </SimpleGrid>
  );
}

function Categories(props: { title: string; rows: readonly Schema<"CategoryFriction">[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { title, rows } = props;
  const names = useCatalogueNames();
  const labels = useMemo(() => rows.map(({ category }) => names.category(category)), [rows, names]);
  const option = useCallback(
    () => ({
      ...bars(
        {
          labels,
          format: formats.count,
          series: [
            { name: t.sessions, values: rows.map(({ sessions }) => sessions) },
            { name: t.times, values: rows.map(({ times }) => times) },
          ],
        },
        true,
      ),
      xAxis: valueAxis(formats.count),
    }),
    [rows, labels, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.category },
        { header: t.sessions, format: formats.count },
        { header: t.times, format: formats.count },
      ],
      rows: rows.map(({ sessions, times }, at) => [labels[at], sessions, times]),
    }),
    [rows, labels, formats, t],
  );
  const height = 60 + rows.length * ROW_HEIGHT;
  return <Chart label={title} option={option} table={table} height={height} />;
}
