// Visits over time, and those of the period compared with, bucket by bucket.

import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useView } from "../../app/navigation";
import { rangeQuery } from "../../app/view";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { lines } from "../../components/lines";
import { Tile } from "../../components/tile";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Point = Schema<"Point">;

/** The chart of visits. */
export function VisitsOverTime({ report }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const before = useSeriesBefore(report);
  const { series } = report;
  const labels = useMemo(() => series.map((point) => labelOf(point, formats)), [series, formats]);
  const option = useCallback(
    () =>
      lines({
        labels,
        format: formats.count,
        partial: series.map(({ partial }) => partial),
        series: [
          { name: t.now, values: series.map(({ visits }) => visits), area: true },
          ...(before
            ? [{ name: t.before, values: series.map((_, at) => before[at]?.visits), dashed: true }]
            : []),
        ],
      }),
    [labels, series, before, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.at },
        { header: t.now, format: formats.count },
        ...(before ? [{ header: t.before, format: formats.count }] : []),
      ],
      rows: series.map(({ visits, partial }, at) => [
        partial ? `${labels[at]} (${t.incomplete})` : labels[at],
        visits,
        ...(before ? [before[at]?.visits] : []),
      ]),
    }),
    [series, before, labels, formats, t],
  );
  return (
    <Tile
      title={t.series}
      aside={<Definition name={t.series} text={t.seriesText} meta={report.meta} />}
    >
      <Chart label={t.series} option={option} table={table} />
    </Tile>
  );
}

/** The series of the period compared with: the same report, of that period. */
function useSeriesBefore({ previous }: Schema<"Overview">): readonly Point[] | undefined {
  const view = useView();
  const range = previous ? { from: previous.from, to: previous.to } : {};
  const query = { ...rangeQuery(view), timeRange: "custom", ...range, compare: "none" } as const;
  const { data, isPlaceholderData } = useRead("/api/admin/analytics/overview", query, {
    enabled: previous != null,
  });
  return isPlaceholderData ? undefined : data?.series;
}

function labelOf({ from, to, label }: Point, formats: Formats): string {
  const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
  return hours <= 1 ? formats.time(from).slice(0, 5) : formats.dateShort(label);
}
