// How far down page views come, by device.

import { Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { lines } from "../../components/lines";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { valueAxis } from "../../components/value-axis";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Curve {
  device: string;
  name: string;
  pageViews: number;
  meanDepth: number | null | undefined;
  reached: ReadonlyMap<number, Schema<"Rate">>;
}

/** The curves of a page. */
export function Scroll({ report }: { report: Schema<"Heatmap"> }) {
  const t = useTexts(texts);
  const curves = useCurves(report);
  const columns = useColumns();
  return (
    <Tile
      title={t.scroll}
      aside={<Definition name={t.scroll} text={t.scrollText} meta={report.meta} />}
    >
      {curves.length === 0 ? (
        <Text c="dimmed">{t.noScroll}</Text>
      ) : (
        <>
          <Curves curves={curves} />
          <DataTable
            label={t.scroll}
            columns={columns}
            rows={curves}
            rowKey={({ device }) => device}
          />
        </>
      )}
    </Tile>
  );
}

function useCurves({ scroll }: Schema<"Heatmap">): readonly Curve[] {
  const t = useTexts(texts);
  const { device: devices, notSet } = useTexts(common);
  return useMemo(() => {
    const names: Readonly<Record<string, string>> = {
      ...devices,
      "(all)": t.allDevices,
      "(not set)": notSet,
    };
    return (scroll ?? []).map(({ device, pageViews, meanDepth, reached }) => ({
      device,
      name: names[device] ?? device,
      pageViews,
      meanDepth,
      reached: new Map(reached.map(({ depth, rate }) => [depth, rate])),
    }));
  }, [scroll, devices, notSet, t]);
}

function Curves({ curves }: { curves: readonly Curve[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const depths = useMemo(() => [...(curves[0]?.reached.keys() ?? [])], [curves]);
  const option = useCallback(
    () => ({
      ...lines({
        labels: depths.map((depth) => formats.share(depth / 100, 0)),
        format: (share) => formats.share(share),
        series: curves.map(({ name, reached, device }) => ({
          name,
          values: depths.map((depth) => reached.get(depth)?.value),
          dashed: device === "(all)",
        })),
      }),
      yAxis: { ...valueAxis((share) => formats.share(share, 0)), max: 1 },
    }),
    [curves, depths, formats],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.depth, format: (depth) => formats.share(depth / 100, 0) },
        ...curves.map(({ name }) => ({ header: name, format: formats.share })),
      ],
      rows: depths.map((depth) => [
        depth,
        ...curves.map(({ reached }) => reached.get(depth)?.value),
      ]),
    }),
    [curves, depths, formats, t],
  );
  return <Chart label={t.scrollChart} option={option} table={table} height={300} />;
}

function useColumns(): readonly Column<Curve>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const reached = (depth: number, header: string): Column<Curve> => ({
      id: `reached${depth}`,
      header,
      align: "right",
      value: (curve) => curve.reached.get(depth)?.value,
      cell: (curve) => <RateCell rate={curve.reached.get(depth)} />,
    });
    return [
      { id: "device", header: t.device, value: ({ name }) => name },
      {
        id: "views",
        header: t.pageViews,
        value: ({ pageViews }) => pageViews,
        format: formats.count,
      },
      {
        id: "mean",
        header: t.meanDepth,
        align: "right",
        value: ({ meanDepth }) => meanDepth,
        cell: ({ meanDepth }) => formats.share(meanDepth == null ? null : meanDepth / 100),
      },
      reached(50, t.half),
      reached(100, t.end),
    ];
  }, [t, formats]);
}
