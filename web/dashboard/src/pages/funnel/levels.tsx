// How many come to each step, as a chart and with intervals in a table.

import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { bars } from "../../components/lines";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Level {
  at: number;
  name: string;
  step: Schema<"FunnelStep">;
  before: number | undefined;
}

const ROW_HEIGHT = 46;

/** The steps of the funnel. `steps` are their names. */
export function Levels(props: { report: Schema<"FunnelReport">; steps: readonly string[] }) {
  const t = useTexts(texts);
  const { report, steps } = props;
  const levels = useMemo(
    () =>
      report.steps.map((step, at) => ({
        at,
        name: steps[at] ?? step.name,
        step,
        before: report.comparison?.entered[at],
      })),
    [report, steps],
  );
  const columns = useColumns(report.comparison != null);
  return (
    <Tile
      title={t.levels}
      aside={<Definition name={t.levels} text={t.levelsText} meta={report.meta} />}
    >
      <LevelChart levels={levels} />
      <DataTable label={t.levels} columns={columns} rows={levels} rowKey={({ at }) => String(at)} />
    </Tile>
  );
}

function LevelChart({ levels }: { levels: readonly Level[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const option = useCallback(
    () => ({
      ...bars(
        {
          labels: levels.map(({ name }) => name),
          format: formats.count,
          series: [
            { name: t.reached, values: levels.map(({ step }) => step.entered), stack: "step" },
            { name: t.lost, values: levels.map(({ step }) => step.dropped), stack: "step" },
          ],
        },
        true,
      ),
      xAxis: valueAxis(formats.count),
    }),
    [levels, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.step },
        { header: t.reached, format: formats.count },
        { header: t.lost, format: formats.count },
      ],
      rows: levels.map(({ name, step }) => [name, step.entered, step.dropped]),
    }),
    [levels, formats, t],
  );
  const height = 70 + levels.length * ROW_HEIGHT;
  return <Chart label={t.levels} option={option} table={table} height={height} />;
}

function useColumns(compared: boolean): readonly Column<Level>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const right = { align: "right", sortable: false } as const;
    const columns: Column<Level>[] = [
      {
        id: "name",
        header: t.step,
        value: ({ at, name }) => `${at + 1} ${name}`,
        cell: ({ name }) => name,
        sortable: false,
      },
      {
        id: "entered",
        header: t.reached,
        ...right,
        value: ({ step }) => step.entered,
        format: formats.count,
      },
      {
        id: "ofFirst",
        header: t.ofFirst,
        ...right,
        value: ({ step }) => step.conversionRate.value,
        cell: ({ step }) => <RateCell rate={step.conversionRate} />,
      },
      {
        id: "ofPrevious",
        header: t.ofPrevious,
        ...right,
        value: ({ step }) => step.stepConversionRate.value,
        cell: ({ at, step }) => at > 0 && <RateCell rate={step.stepConversionRate} />,
      },
      {
        id: "gone",
        header: t.lost,
        ...right,
        value: ({ step }) => step.dropped,
        format: formats.count,
      },
      {
        id: "median",
        header: t.medianFromPrevious,
        ...right,
        value: ({ step }) => step.fromPrevious.p50Ms,
        format: formats.duration,
      },
    ];
    if (!compared) return columns;
    return [
      ...columns,
      {
        id: "before",
        header: t.before,
        ...right,
        value: ({ before }) => before,
        format: formats.count,
      },
    ];
  }, [t, formats, compared]);
}
