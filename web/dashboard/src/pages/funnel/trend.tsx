// The share that comes through all steps, by when attempts began.

import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { lines } from "../../components/lines";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** The trend of the funnel. `steps` are the names of steps. */
export function Trend(props: { report: Schema<"FunnelReport">; steps: readonly string[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { report, steps } = props;
  const { trend } = report;
  const labels = useMemo(
    () => trend.map(({ start }) => labelOf(start, trend, formats)),
    [trend, formats],
  );
  const option = useCallback(() => {
    const format = (share: number) => formats.share(share);
    return {
      ...lines({
        labels,
        format,
        partial: trend.map(({ partial, incomplete }) => partial || incomplete > 0),
        series: [{ name: t.rate, values: trend.map((point) => point.conversionRate.value) }],
      }),
      yAxis: valueAxis((share) => formats.share(share, 0)),
    };
  }, [labels, trend, formats, t]);
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.at },
        ...steps.map((header) => ({ header, format: formats.count })),
        { header: t.rate, format: formats.share },
        { header: t.low, format: formats.share },
        { header: t.high, format: formats.share },
        { header: t.pending, format: formats.count },
      ],
      rows: trend.map(({ entered, conversionRate, incomplete, partial }, at) => {
        const label = labels[at];
        return [
          partial ? `${label} (${t.partial})` : label,
          ...steps.map((_, step) => entered[step]),
          conversionRate.value,
          conversionRate.ciLow,
          conversionRate.ciHigh,
          incomplete,
        ];
      }),
    }),
    [trend, labels, steps, formats, t],
  );
  return (
    <Tile
      title={t.trend}
      aside={<Definition name={t.trend} text={t.trendText} meta={report.meta} />}
    >
      <Chart label={t.trend} option={option} table={table} height={290} />
    </Tile>
  );
}

/** The time of day where parts are hours, the day otherwise. */
function labelOf(start: string, all: readonly { start: string }[], formats: Formats): string {
  const [first, second] = all;
  const stepMs = first && second ? Date.parse(second.start) - Date.parse(first.start) : Infinity;
  return stepMs <= 3_600_000 ? formats.time(start).slice(0, 5) : formats.dateShort(start);
}
