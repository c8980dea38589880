// How long things take: the share to whom they have happened, by the time since the start.

import { List, SimpleGrid, Text } from "@mantine/core";
import { numberOf, type Schema } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { oneOf } from "../../app/view";
import { Chart, type ChartTable } from "../../components/chart";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import type { ReportMeta } from "../../components/watermark";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const NAMES = ["returnToConfigure", "timeToInquiry", "timeToOrder"] as const;
const HOURS_A_DAY = 24;
const MS_AN_HOUR = 3_600_000;
const P_CLEAR = 0.05;

/** A chart for each curve. `segmentName` names a segment. */
export function Curves(props: {
  curves: readonly Schema<"Curve">[];
  meta: ReportMeta;
  segmentName: (value: string) => string;
}) {
  const { curves, meta, segmentName } = props;
  return (
    <SimpleGrid cols={{ base: 1, lg: 3 }}>
      {curves.map((curve) => (
        <CurveTile key={curve.name} curve={curve} meta={meta} segmentName={segmentName} />
      ))}
    </SimpleGrid>
  );
}

function CurveTile(props: {
  curve: Schema<"Curve">;
  meta: ReportMeta;
  segmentName: (value: string) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { curve, meta, segmentName } = props;
  const known = oneOf(NAMES, curve.name);
  const title = known ? t.curves[known] : curve.name;
  const hasHappened = curve.segments.some(({ happened }) => happened > 0);
  return (
    <Tile
      title={title}
      aside={<Definition name={title} text={known ? t.curvesText[known] : ""} meta={meta} />}
    >
      <List size="sm" mb="xs">
        {curve.segments.map((segment) => (
          <List.Item key={segment.value}>
            {segmentName(segment.value)}:{" "}
            {segment.happened === 0
              ? t.nobody(formats.count(segment.visitors))
              : `${t.happened(formats.count(segment.happened), formats.count(segment.visitors))} · ${
                  segment.medianHours == null
                    ? t.noMedian
                    : t.median(formats.duration(segment.medianHours * MS_AN_HOUR))
                }`}
          </List.Item>
        ))}
      </List>
      <LogRank curve={curve} />
      {hasHappened && <CurveChart title={title} curve={curve} segmentName={segmentName} />}
    </Tile>
  );
}

function LogRank({ curve }: { curve: Schema<"Curve"> }) {
  const t = useTexts(texts).logRank;
  const formats = useFormats();
  if (!curve.logRank) return null;
  const { pValue } = curve.logRank;
  return (
    <Text size="xs" c="dimmed">
      {(pValue < P_CLEAR ? t.clear : t.chance)(formats.decimal(pValue, 3))}
    </Text>
  );
}

interface SegmentSteps {
  name: string;
  steps: readonly Schema<"SurvivalStep">[];
}

function CurveChart(props: {
  title: string;
  curve: Schema<"Curve">;
  segmentName: (value: string) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { title, curve, segmentName } = props;
  const segments = useMemo<readonly SegmentSteps[]>(
    () =>
      curve.segments.map(({ value, steps }) => ({
        name: segmentName(value),
        steps,
      })),
    [curve, segmentName],
  );
  const option = useCallback(
    (): EChartsCoreOption => ({
      grid: {
        left: 8,
        right: 20,
        top: segments.length > 1 ? 36 : 12,
        bottom: 4,
        containLabel: true,
      },
      ...(segments.length > 1 ? { legend: { top: 0, left: 0, type: "scroll" } } : {}),
      tooltip: {
        trigger: "axis",
        confine: true,
        valueFormatter: (value: unknown) => formats.share(numberOf(value)),
      },
      xAxis: {
        type: "value",
        min: 0,
        minInterval: 1,
        name: t.day,
        nameLocation: "middle",
        nameGap: 24,
      },
      yAxis: {
        type: "value",
        min: 0,
        axisLabel: { formatter: (value: number) => formats.share(value, 0) },
      },
      series: segments.map(({ name, steps }, at) => ({
        type: "line",
        step: "end",
        name,
        data: [[0, 0], ...steps.map(({ time, reached }) => [time / HOURS_A_DAY, reached])],
        symbol: ["circle", "triangle", "rect", "diamond"][at % 4],
        symbolSize: 5,
        lineStyle: { width: 2 },
      })),
    }),
    [segments, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.value },
        { header: t.time, format: (hours) => formats.duration(hours * MS_AN_HOUR) },
        { header: t.atRisk, format: formats.count },
        { header: t.events, format: formats.count },
        { header: t.reached, format: formats.share },
        { header: t.low, format: formats.share },
        { header: t.high, format: formats.share },
      ],
      rows: segments.flatMap(({ name, steps }) =>
        steps.map(({ time, atRisk, happened, reached, ciLow, ciHigh }) => [
          name,
          time,
          atRisk,
          happened,
          reached,
          ciLow,
          ciHigh,
        ]),
      ),
    }),
    [segments, formats, t],
  );
  return <Chart label={title} option={option} table={table} height={240} />;
}
