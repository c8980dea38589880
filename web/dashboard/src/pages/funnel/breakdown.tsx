// The funnel by the values of a property.

import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { rateBars } from "../../components/rate-bars";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { useLabelWidth } from "../../components/use-label-width";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Value {
  name: string;
  entered: readonly number[];
  rate: Schema<"Rate">;
}

const ROW_HEIGHT = 30;

/** How far attempts come, value by value. `steps` are the names of steps. */
export function Breakdown(props: {
  report: Schema<"FunnelReport">;
  breakdown: Schema<"FunnelBreakdown">;
  steps: readonly string[];
}) {
  const t = useTexts(texts);
  const { report, breakdown, steps } = props;
  const values = useValues(breakdown);
  const columns = useColumns(steps);
  const known: Readonly<Record<string, string>> = t.breakdowns;
  const title = t.byValue(known[breakdown.by] ?? breakdown.by.replace(/^event\./, ""));
  return (
    <Tile
      title={title}
      aside={<Definition name={title} text={t.breakdownText} meta={report.meta} />}
    >
      <ValueChart title={title} values={values} />
      <DataTable label={title} columns={columns} rows={values} rowKey={({ name }) => name} />
    </Tile>
  );
}

function useValues({ by, values }: Schema<"FunnelBreakdown">): readonly Value[] {
  const t = useTexts(texts);
  const { device, notSet } = useTexts(common);
  return useMemo(() => {
    const known: Readonly<Record<string, string>> = by === "device" ? device : {};
    return values.map(({ value, entered, conversionRate }) => ({
      name: value == null ? t.others : value === "(not set)" ? notSet : (known[value] ?? value),
      entered,
      rate: conversionRate,
    }));
  }, [by, values, t, device, notSet]);
}

function ValueChart({ title, values }: { title: string; values: readonly Value[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const labelWidth = useLabelWidth();
  const option = useCallback(
    (look: ChartLook) => rateBars({ name: t.rate, rows: values, formats, labelWidth }, look),
    [values, formats, labelWidth, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.valueColumn },
        { header: t.conversion, format: formats.share },
        { header: t.low, format: formats.share },
        { header: t.high, format: formats.share },
      ],
      rows: values.map(({ name, rate }) => [name, rate.value, rate.ciLow, rate.ciHigh]),
    }),
    [values, formats, t],
  );
  const height = 60 + values.length * ROW_HEIGHT;
  return (
    <Chart label={`${t.conversion}: ${title}`} option={option} table={table} height={height} />
  );
}

function useColumns(steps: readonly string[]): readonly Column<Value>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      { id: "value", header: t.valueColumn, value: ({ name }) => name },
      ...steps.map(
        (step, at): Column<Value> => ({
          id: `step${at}`,
          header: step,
          value: ({ entered }) => entered[at],
          format: formats.count,
        }),
      ),
      {
        id: "rate",
        header: t.conversion,
        align: "right",
        value: ({ rate }) => rate.value,
        cell: ({ rate }) => <RateCell rate={rate} />,
      },
    ],
    [t, formats, steps],
  );
}
