// A chart with everything a chart needs: an accessible name, the same data as a table, PNG and CSV.

import { ActionIcon, Box, Group, Skeleton } from "@mantine/core";
import { IconChartBar, IconFileTypeCsv, IconPhotoDown, IconTable } from "@tabler/icons-react";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import type { Cell } from "../lib/csv";
import { download, fileName } from "../lib/download";
import { type ChartLook, chartTheme, useChartLook } from "./chart-look";
import { type Column, DataTable } from "./data-table";
import { Hint } from "./hint";
import { useDownload } from "./use-download";

/** The data of a chart as a table. */
export interface ChartTable {
  columns: readonly ChartColumn[];
  /** Cells as numbers and texts: what a CSV holds. */
  rows: readonly (readonly Cell[])[];
}

/** A column of a chart's table. */
export interface ChartColumn {
  header: string;
  /** How its cells are written on screen; as they are, if left out. */
  format?: (cell: number) => string;
}

/** What a chart shows. */
export interface ChartProps {
  /** What it shows, in a few words: its accessible name, and its files' name. */
  label: string;
  /** The option of ECharts. Must be stable: from `useCallback`. Colours come from the theme. */
  option: (look: ChartLook) => EChartsCoreOption;
  /** The same data. Must be stable: from `useMemo`. */
  table: ChartTable;
  /** Height in pixels (280). */
  height?: number;
  /** More buttons beside those of every chart. */
  actions?: ReactNode;
  /** Called with the parameters of ECharts when a part of it is clicked; offer the same by keyboard. */
  onSelect?: (part: { name: string; seriesName?: string; dataIndex: number }) => void;
}

/** A chart. ECharts is loaded when the first one shows. */
export function Chart({ label, option, table, height = 280, actions, onSelect }: ChartProps) {
  const t = useTexts(common).chart;
  const [asTable, setAsTable] = useState(false);
  const chart = useRef<EChartsType | null>(null);
  const { saveCsv } = useDownload();
  const look = useChartLook();
  const savePng = () => {
    const drawn = chart.current?.getDataURL({ pixelRatio: 2, backgroundColor: look.surface });
    if (drawn) download(fileName(label, "png"), blobOf(drawn));
  };
  const exportTable = () => {
    const head = table.columns.map(({ header }) => header);
    void saveCsv(label, head, table.rows);
  };
  return (
    <Box component="figure" m={0} aria-label={label}>
      <Group gap={4} justify="flex-end" mb={4}>
        {actions}
        <ChartButton label={asTable ? t.chart : t.table} onClick={() => setAsTable(!asTable)}>
          {asTable ? <IconChartBar size={16} aria-hidden /> : <IconTable size={16} aria-hidden />}
        </ChartButton>
        {!asTable && (
          <ChartButton label={t.png} onClick={savePng}>
            <IconPhotoDown size={16} aria-hidden />
          </ChartButton>
        )}
        <ChartButton label={t.csv} onClick={exportTable}>
          <IconFileTypeCsv size={16} aria-hidden />
        </ChartButton>
      </Group>
      {asTable ? (
        <ChartData label={label} table={table} maxHeight={height} />
      ) : (
        <Canvas
          label={t.about(label)}
          option={option}
          look={look}
          height={height}
          chart={chart}
          onSelect={onSelect}
        />
      )}
    </Box>
  );
}

function ChartButton(props: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Hint label={props.label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="md"
        aria-label={props.label}
        onClick={props.onClick}
      >
        {props.children}
      </ActionIcon>
    </Hint>
  );
}

function Canvas(props: {
  label: string;
  option: ChartProps["option"];
  look: ChartLook;
  height: number;
  chart: { current: EChartsType | null };
  onSelect: ChartProps["onSelect"];
}) {
  const { label, option, look, height, chart, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<EChartsType | null>(null);
  const id = useId();

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    let isGone = false;
    let made: EChartsType | undefined;
    const observer = new ResizeObserver(() => made?.resize());
    void import("./chart-engine").then(({ init }) => {
      if (isGone) return;
      made = init(element, chartTheme(look));
      chart.current = made;
      observer.observe(element);
      setDrawn(made);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      made?.dispose();
      chart.current = null;
      setDrawn(null);
    };
  }, [look, chart]);

  useEffect(() => {
    drawn?.setOption({ animation: look.animate, ...option(look) }, { notMerge: true });
  }, [drawn, option, look]);

  useEffect(() => {
    if (!drawn || !onSelect) return undefined;
    drawn.on("click", ({ name, seriesName, dataIndex }) =>
      onSelect({ name, dataIndex, ...(seriesName === undefined ? {} : { seriesName }) }),
    );
    return () => {
      if (!drawn.isDisposed()) drawn.off("click");
    };
  }, [drawn, onSelect]);

  return (
    <Box pos="relative" h={height}>
      {!drawn && <Skeleton pos="absolute" inset={0} height={height} />}
      <div ref={box} id={id} role="img" aria-label={label} style={{ width: "100%", height }} />
    </Box>
  );
}

/** The data of a chart as a table. */
function ChartData({
  label,
  table,
  maxHeight,
}: {
  label: string;
  table: ChartTable;
  maxHeight: number;
}) {
  const columns = useMemo(() => table.columns.map(columnOf), [table.columns]);
  const rows = useMemo(() => table.rows.map((cells, index) => ({ cells, index })), [table.rows]);
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={rows}
      rowKey={({ index }) => String(index)}
      maxHeight={maxHeight}
    />
  );
}

interface IndexedRow {
  cells: readonly Cell[];
  index: number;
}

function columnOf({ header, format }: ChartColumn, at: number): Column<IndexedRow> {
  return {
    id: String(at),
    header,
    value: ({ cells }) => cells[at],
    ...(format ? { format } : {}),
  };
}

function blobOf(dataUrl: string): Blob {
  const bytes = atob(dataUrl.slice(dataUrl.indexOf(",") + 1));
  return new Blob([Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))], { type: "image/png" });
}
