// The credits of the largest values, a bar for each model.

import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { bars } from "../../components/lines";
import { useTexts } from "../../i18n/texts";
import { useCreditFormat } from "./credit-table";
import { type Attributed, type Measure, modelsOf } from "./credits";
import { texts } from "./texts";

const VALUES_MAX = 8;
const BAR_PX = 11;

/** The chart. */
export function CreditChart(props: {
  rows: readonly Attributed[];
  measure: Measure;
  valueName: (value: string) => string;
}) {
  const t = useTexts(texts);
  const { rows, measure, valueName } = props;
  const formats = useFormats();
  const write = useCreditFormat(measure);
  const short = measure === "conversions" ? formats.countShort : formats.moneyShort;
  const shown = useMemo(() => rows.slice(0, VALUES_MAX), [rows]);
  const models = useMemo(() => modelsOf(shown), [shown]);
  const option = useCallback(
    () => ({
      ...bars(
        {
          labels: shown.map(({ value }) => valueName(value)),
          format: write,
          series: models.map((model) => ({
            name: t.models[model],
            values: shown.map(({ credits }) => credits[model]?.[measure]),
          })),
        },
        true,
      ),
      xAxis: {
        type: "value",
        min: 0,
        splitNumber: 4,
        axisLabel: { formatter: short, hideOverlap: true },
      },
    }),
    [shown, models, measure, valueName, write, short, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.value },
        ...models.map((model) => ({ header: t.models[model], format: write })),
      ],
      rows: shown.map(({ value, credits }) => [
        valueName(value),
        ...models.map((model) => credits[model]?.[measure]),
      ]),
    }),
    [shown, models, measure, valueName, write, t],
  );
  const height = 60 + shown.length * (models.length * BAR_PX + 16);
  return <Chart label={t.chart} option={option} table={table} height={height} />;
}
