// Where on an element visitors click: a neutral box of 64 by 64 cells.

import { Group, SegmentedControl, Select, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useView } from "../../app/navigation";
import { rangeQuery } from "../../app/view";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { KINDS, type StateProps } from "./state";
import { texts } from "./texts";

const SPOT_MIN = 11;
const SPOT_MAX = 30;

type Layer = Schema<"Layer">;
type Kind = (typeof KINDS)[number];

/** The map of an element. */
export function ElementMap(
  props: StateProps & { element: string; elements: readonly Schema<"ClickedElement">[] },
) {
  const t = useTexts(texts);
  const { state, onChange, element, elements } = props;
  const range = rangeQuery(useView());
  const asked = { ...range, page: state.page, element };
  const query = useRead("/api/admin/analytics/heatmap", asked);
  const ids = [...new Set([element, ...elements.map(({ elementId }) => elementId)])];
  return (
    <Tile
      title={t.mapTitle(element)}
      aside={query.data && <Definition name={t.map} text={t.mapText} meta={query.data.meta} />}
    >
      <Group gap="sm" align="flex-end" mb="sm">
        <Select
          label={t.element}
          w={240}
          searchable
          allowDeselect={false}
          value={element}
          onChange={(chosen) => onChange({ element: chosen ?? "", layer: "" })}
          data={ids}
        />
        <LayerChoice state={state} onChange={onChange} layers={query.data?.layers ?? []} />
        <SegmentedControl
          aria-label={t.kind}
          value={state.kind}
          onChange={(kind) => onChange({ kind })}
          data={KINDS.map((value) => ({ value, label: t[value] }))}
        />
      </Group>
      <QueryView query={query} height={380}>
        {({ layers }) => {
          const shown = shownLayer(layers ?? [], state);
          const hasClicks = shown?.cells.some((cell) => cell[state.kind] > 0);
          return shown && hasClicks ? (
            <Box layer={shown} kind={state.kind} element={element} />
          ) : (
            <Text c="dimmed">{t.noneOfKind}</Text>
          );
        }}
      </QueryView>
      <Text size="sm" c="dimmed">
        {t.mapText}
      </Text>
    </Tile>
  );
}

function LayerChoice({ state, onChange, layers }: StateProps & { layers: readonly Layer[] }) {
  const t = useTexts(texts);
  const names: Readonly<Record<string, string>> = t.breakpoints;
  const chosen = shownLayer(layers, state);
  if (!chosen) return null;
  return (
    <Select
      label={t.layer}
      w={290}
      maw="100%"
      allowDeselect={false}
      value={idOf(chosen)}
      onChange={(layer) => onChange({ layer: layer ?? "" })}
      data={layers.map((layer) => ({
        value: idOf(layer),
        label: `${names[layer.breakpoint] ?? layer.breakpoint}, ${t.layout(layer.layoutVersion)}`,
      }))}
    />
  );
}

function Box({ layer, kind, element }: { layer: Layer; kind: Kind; element: string }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const option = useCallback(
    (look: ChartLook) => boxOf({ layer, kind, name: t[kind], formats, look }),
    [layer, kind, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.across, format: formats.count },
        { header: t.down, format: formats.count },
        { header: t.clicks, format: formats.count },
        { header: t.rage, format: formats.count },
        { header: t.dead, format: formats.count },
      ],
      rows: layer.cells.map(({ column, row, clicks, rage, dead }) => [
        column + 1,
        row + 1,
        clicks,
        rage,
        dead,
      ]),
    }),
    [layer, formats, t],
  );
  return <Chart label={t.mapChart(element)} option={option} table={table} height={400} />;
}

function boxOf(shown: {
  layer: Layer;
  kind: Kind;
  name: string;
  formats: Formats;
  look: ChartLook;
}): EChartsCoreOption {
  const { layer, kind, name, formats, look } = shown;
  const places = Array.from({ length: layer.grid }, (_, at) => at);
  const cells = layer.cells.filter((cell) => cell[kind] > 0);
  const most = Math.max(1, ...cells.map((cell) => cell[kind]));
  const axis = { type: "category", data: places, show: false, boundaryGap: true };
  // Many clicks stand out from the ground, whether it is dark or light.
  const colours = look.dark ? look.scale.slice(3) : [...look.scale.slice(0, 4)].reverse();
  return {
    grid: {
      left: 2,
      right: 2,
      top: 2,
      bottom: 56,
      show: true,
      backgroundColor: look.dark ? "#16181a" : "#eef0f2",
      borderColor: look.dimmed,
      borderWidth: 1,
    },
    tooltip: {
      confine: true,
      renderMode: "richText",
      formatter: ({ value }: { value: readonly number[] }) =>
        `${name}: ${formats.count(value[2])}\n${(value[0] ?? 0) + 1} · ${(value[1] ?? 0) + 1}`,
    },
    xAxis: axis,
    yAxis: { ...axis, inverse: true },
    visualMap: {
      min: 1,
      max: Math.max(2, most),
      calculable: false,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemHeight: 160,
      itemWidth: 14,
      text: [formats.count(Math.max(2, most)), "1"],
      inRange: { color: colours },
    },
    series: [
      {
        type: "scatter",
        name,
        data: cells.map((cell) => [cell.column, cell.row, cell[kind]]),
        symbolSize: ([, , count = 1]: readonly number[]) =>
          SPOT_MIN + (SPOT_MAX - SPOT_MIN) * Math.sqrt((count - 1) / Math.max(1, most - 1)),
        itemStyle: { opacity: 0.9 },
      },
    ],
  };
}

/** The layer that was chosen; otherwise the one with the most clicks of the kind. */
function shownLayer(
  layers: readonly Layer[],
  { layer, kind }: StateProps["state"],
): Layer | undefined {
  const count = ({ cells }: Layer) => cells.reduce((sum, cell) => sum + cell[kind], 0);
  const [most] = [...layers].sort((one, other) => count(other) - count(one));
  return layers.find((each) => idOf(each) === layer) ?? most;
}

function idOf({ breakpoint, layoutVersion }: Layer): string {
  return `${breakpoint}/${layoutVersion}`;
}
