// The share that returns, period by period, against the period compared with.

import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { lines } from "../../components/lines";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** The chart of the pooled mean. The comparison is of all visitors: leave it out for a segment. */
export function ReturnCurve(props: {
  table: Schema<"CohortTable">;
  report: Schema<"Retention">;
  comparison: Schema<"Retention">["comparison"];
  period: (offset: number) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { table, report, comparison, period } = props;
  const before = useMemo(
    () => new Map(comparison?.mean.map(({ offset, pooled }) => [offset, pooled.before])),
    [comparison],
  );
  const later = useMemo(
    () =>
      table.mean.filter(
        ({ offset, pooled }) =>
          offset > 0 && (pooled.value != null || before.get(offset)?.value != null),
      ),
    [table, before],
  );
  const option = useCallback(
    () => ({
      ...lines({
        labels: later.map(({ offset }) => period(offset)),
        format: (share) => formats.share(share),
        series: [
          { name: t.now, values: later.map(({ pooled }) => pooled.value), area: true },
          ...(comparison
            ? [
                {
                  name: t.before,
                  values: later.map(({ offset }) => before.get(offset)?.value),
                  dashed: true,
                },
              ]
            : []),
        ],
      }),
      yAxis: {
        type: "value",
        min: 0,
        axisLabel: { formatter: (share: number) => formats.share(share, 0) },
      },
    }),
    [later, before, comparison, period, formats, t],
  );
  const chartTable = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.period },
        { header: t.now, format: formats.share },
        { header: t.count, format: formats.count },
        { header: t.visitors, format: formats.count },
        { header: t.low, format: formats.share },
        { header: t.high, format: formats.share },
        ...(comparison ? [{ header: t.before, format: formats.share }] : []),
      ],
      rows: later.map(({ offset, pooled }) => [
        period(offset),
        pooled.value,
        pooled.num,
        pooled.den,
        pooled.ciLow,
        pooled.ciHigh,
        ...(comparison ? [before.get(offset)?.value] : []),
      ]),
    }),
    [later, before, comparison, period, formats, t],
  );
  return (
    <Tile
      title={t.curve}
      aside={<Definition name={t.curve} text={t.curveText} meta={report.meta} />}
    >
      <Chart label={t.curve} option={option} table={chartTable} height={240} />
    </Tile>
  );
}
