// The ways as a Sankey diagram; all links, with those of the period before, as its table.

import { Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Schema } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import type { NodeNames } from "./names";
import { type JourneysState, NO_NODES } from "./state";
import { texts } from "./texts";

const NARROW_DEPTH = 3;

interface Props {
  report: Schema<"Journeys">;
  state: JourneysState;
  onChange: (change: Partial<JourneysState>) => void;
  names: NodeNames;
}

/** The diagram, and what it leaves out. */
export function Ways({ report, state, onChange, names }: Props) {
  const t = useTexts(texts);
  const formats = useFormats();
  const isNarrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const links = useMemo(() => {
    const least = (report.visits * Number(state.threshold)) / 100;
    return report.links.filter(
      ({ depth, visits }) => visits >= least && (!isNarrow || depth < NARROW_DEPTH),
    );
  }, [report, state.threshold, isNarrow]);
  const backwards = report.anchor === "end";
  const option = useCallback(
    (look: ChartLook) => sankey({ links, backwards, names, formats, look, isNarrow }),
    [links, backwards, names, formats, isNarrow],
  );
  const table = useTable(report, names);
  const choose = useCallback(
    ({ name }: { name: string }) => {
      const node = name.slice(name.indexOf(":") + 1);
      // Links have names of two nodes.
      if (!name.includes(" > ") && !NO_NODES.includes(node)) onChange({ anchor: "start", node });
    },
    [onChange],
  );
  return (
    <Tile
      title={t.flows}
      aside={<Definition name={t.flows} text={t.flowsText} meta={report.meta} />}
    >
      <Stack gap={2}>
        <Text size="sm" c="dimmed">
          {t.drawn(formats.count(links.length), formats.count(report.links.length))}{" "}
          {isNarrow ? t.narrow : t.select}
        </Text>
        <Chart
          label={t.flows}
          option={option}
          table={table}
          height={isNarrow ? 420 : 560}
          onSelect={choose}
        />
      </Stack>
    </Tile>
  );
}

function sankey(shown: {
  links: readonly Schema<"FlowLink">[];
  backwards: boolean;
  names: NodeNames;
  formats: Formats;
  look: ChartLook;
  isNarrow: boolean;
}): EChartsCoreOption {
  const { links, backwards, names, formats, look, isNarrow } = shown;
  const ends = links.flatMap(({ depth, from, to }) => [idOf(depth, from), idOf(depth + 1, to)]);
  const colours = coloursOf(links, look);
  const deepest = Math.max(...links.map(({ depth }) => depth + 1));
  const nameOf = (id: string) => names.name(id.slice(id.indexOf(":") + 1));
  return {
    tooltip: {
      trigger: "item",
      confine: true,
      renderMode: "richText",
      formatter: (part: { name: string; value: number; data: Partial<Drawn> }) => {
        const { source, target } = part.data;
        const name = source && target ? `${nameOf(source)} → ${nameOf(target)}` : nameOf(part.name);
        return `${name}\n${formats.count(part.value)}`;
      },
    },
    series: [
      {
        type: "sankey",
        left: 4,
        right: isNarrow ? 70 : 120,
        top: 8,
        bottom: 8,
        nodeGap: isNarrow ? 12 : 9,
        nodeWidth: isNarrow ? 8 : 14,
        draggable: false,
        emphasis: { focus: "adjacency" },
        label: {
          color: look.text,
          fontSize: isNarrow ? 10 : 12,
          width: isNarrow ? 66 : 118,
          overflow: "truncate",
          formatter: ({ name }: { name: string }) => nameOf(name),
        },
        lineStyle: { color: "source", opacity: look.dark ? 0.4 : 0.3, curveness: 0.5 },
        data: [...new Set(ends)].map((name) => {
          const node = name.slice(name.indexOf(":") + 1);
          const depth = Number(name.slice(0, name.indexOf(":")));
          return {
            name,
            depth: backwards ? deepest - depth : depth - 1,
            itemStyle: { color: colours.get(node) ?? look.dimmed },
          };
        }),
        links: links.map(({ depth, from, to, visits }): Drawn => {
          const [near, far] = [idOf(depth, from), idOf(depth + 1, to)];
          return backwards
            ? { source: far, target: near, value: visits }
            : { source: near, target: far, value: visits };
        }),
      },
    ],
  };
}

interface Drawn {
  source: string;
  target: string;
  value: number;
}

/** A colour for each node, the same at every step; grey for what is no node of its own. */
function coloursOf(
  links: readonly Schema<"FlowLink">[],
  look: ChartLook,
): ReadonlyMap<string, string> {
  const nodes = new Set(
    links.flatMap(({ from, to }) => [from, to]).filter((node) => !NO_NODES.includes(node)),
  );
  const palette = look.palette.slice(0, 6);
  return new Map([...nodes].map((node, at) => [node, palette[at % palette.length] ?? look.dimmed]));
}

function idOf(depth: number, node: string): string {
  return `${depth}:${node}`;
}

function useTable(report: Schema<"Journeys">, names: NodeNames): ChartTable {
  const t = useTexts(texts);
  const { verdicts } = useTexts(common).change;
  const formats = useFormats();
  return useMemo(() => {
    const backwards = report.anchor === "end";
    const compared = report.comparison?.links;
    const verdictOf = ({ pValue, significant }: Schema<"RateChange">) =>
      pValue == null ? null : significant ? verdicts.clear : verdicts.chance;
    return {
      columns: [
        { header: backwards ? t.stepBack : t.step, format: formats.count },
        { header: t.from },
        { header: t.to },
        { header: t.count, format: formats.count },
        ...(compared
          ? [
              { header: t.before, format: formats.share },
              { header: t.change, format: formats.points },
              { header: t.verdict },
            ]
          : []),
      ],
      rows: report.links.map(({ depth, from, to, visits }, at) => {
        const share = compared?.[at]?.share;
        const before = share
          ? [share.before.value, share.change.points, verdictOf(share.change)]
          : [];
        const way = [names.name(from), names.name(to)];
        // In the order of time, as they are drawn.
        if (backwards) way.reverse();
        return [depth, ...way, visits, ...before];
      }),
    };
  }, [report, names, t, verdicts, formats]);
}
