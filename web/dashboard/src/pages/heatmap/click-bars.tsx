// Clicks as bars, those in rage and dead ones told apart.

import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { bars } from "../../components/lines";
import { useLabelWidth } from "../../components/use-label-width";
import { valueAxis } from "../../components/value-axis";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Clicked {
  name: string;
  clicks: number;
  rage: number;
  dead: number;
}

const DRAWN = 20;
const ROW_HEIGHT = 28;

/** The most clicked of the rows, drawn; all of them in the table. */
export function ClickBars(props: {
  label: string;
  /** What the names are. */
  heading: string;
  rows: readonly Clicked[];
  /** Called with the name that is clicked. */
  onSelect: (name: string) => void;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { label, heading, rows, onSelect } = props;
  const labelWidth = useLabelWidth();
  const shown = useMemo(() => rows.slice(0, DRAWN), [rows]);
  const option = useCallback(() => {
    const labels = shown.map(({ name }) => name);
    const series = [
      { name: t.clicks, values: shown.map(({ clicks }) => clicks) },
      { name: t.rage, values: shown.map(({ rage }) => rage) },
      { name: t.dead, values: shown.map(({ dead }) => dead) },
    ].filter(({ values }, at) => at === 0 || values.some((count) => count > 0));
    const axisLabel = { width: labelWidth, overflow: "truncate" };
    return {
      ...bars({ labels, format: formats.count, series }, true),
      xAxis: valueAxis(formats.count),
      yAxis: { type: "category", data: labels, inverse: true, axisLabel },
    };
  }, [shown, labelWidth, formats, t]);
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: heading },
        { header: t.clicks, format: formats.count },
        { header: t.rage, format: formats.count },
        { header: t.dead, format: formats.count },
      ],
      rows: rows.map(({ name, clicks, rage, dead }) => [name, clicks, rage, dead]),
    }),
    [rows, heading, formats, t],
  );
  const height = 60 + shown.length * ROW_HEIGHT;
  const select = useCallback(({ name }: { name: string }) => onSelect(name), [onSelect]);
  return <Chart label={label} option={option} table={table} height={height} onSelect={select} />;
}
