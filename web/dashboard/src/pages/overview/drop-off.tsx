// How far visits come, and where they leave.

import { Anchor } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import type { UseQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { PageLink, useFormats } from "../../app/navigation";
import type { Search } from "../../app/view";
import { Chart, type ChartTable } from "../../components/chart";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { bars } from "../../components/lines";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

interface Level {
  step: string;
  reached: Schema<"Rate">;
  left: Schema<"Rate"> | undefined;
}

/** The filters of the list of sessions that find who left at a step without an order. */
const LEFT_AT: Readonly<Record<string, Search>> = {
  visit: { hasConfiguration: "false", hasOrder: "false" },
  configuration: {
    hasConfiguration: "true",
    hasCart: "false",
    hasCompletion: "false",
    hasOrder: "false",
  },
  cart: { hasCart: "true", hasCompletion: "false", hasOrder: "false" },
  completion: { hasCompletion: "true", hasOrder: "false" },
};

/** The steps of the configurator funnel with who left there. */
export function DropOff(props: {
  report: Schema<"Overview">;
  dropOff: UseQueryResult<Schema<"DropOffReport">, Problem>;
}) {
  const t = useTexts(texts);
  const { report, dropOff } = props;
  return (
    <Tile
      title={t.money}
      aside={
        dropOff.data && <Definition name={t.money} text={t.dropText} meta={dropOff.data.meta} />
      }
    >
      <QueryView query={dropOff}>{(left) => <Levels levels={levelsOf(report, left)} />}</QueryView>
    </Tile>
  );
}

function Levels({ levels }: { levels: readonly Level[] }) {
  const t = useTexts(texts);
  const columns = useColumns();
  return (
    <>
      <LevelChart levels={levels} />
      <DataTable label={t.money} columns={columns} rows={levels} rowKey={({ step }) => step} />
    </>
  );
}

/** Of those who came to each step, how many left there. */
function LevelChart({ levels }: { levels: readonly Level[] }) {
  const t = useTexts(texts);
  const steps = useStepNames();
  const formats = useFormats();
  const rows = useMemo(
    () =>
      levels.map(({ step, reached, left }) => ({
        name: steps[step] ?? step,
        left: left?.num ?? 0,
        wentOn: reached.num - (left?.num ?? 0),
      })),
    [levels, steps],
  );
  const option = useCallback(
    () =>
      bars(
        {
          labels: rows.map(({ name }) => name),
          format: formats.count,
          series: [
            { name: t.wentOn, values: rows.map(({ wentOn }) => wentOn), stack: "reached" },
            { name: t.left, values: rows.map(({ left }) => left), stack: "reached" },
          ],
        },
        true,
      ),
    [rows, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.step },
        { header: t.wentOn, format: formats.count },
        { header: t.left, format: formats.count },
      ],
      rows: rows.map(({ name, wentOn, left }) => [name, wentOn, left]),
    }),
    [rows, formats, t],
  );
  return <Chart label={t.levels} option={option} table={table} height={220} />;
}

function levelsOf(
  { current }: Schema<"Overview">,
  { levels }: Schema<"DropOffReport">,
): readonly Level[] {
  return current.funnel.map(({ step, reached }) => ({
    step,
    reached,
    left: levels.find(({ level }) => level === step)?.dropOffRate,
  }));
}

function useStepNames(): Readonly<Record<string, string>> {
  return useTexts(common).step;
}

function useColumns(): readonly Column<Level>[] {
  const t = useTexts(texts);
  const steps = useStepNames();
  const formats = useFormats();
  return useMemo(
    () => [
      { id: "step", header: t.step, value: ({ step }) => steps[step] ?? step, sortable: false },
      {
        id: "reached",
        header: t.reached,
        align: "right",
        value: ({ reached }) => reached.num,
        cell: ({ reached }) => counted(reached, formats),
      },
      {
        id: "left",
        header: t.left,
        align: "right",
        value: ({ left }) => left?.num,
        cell: ({ step, left }) => left && <Left step={step} text={counted(left, formats)} />,
      },
    ],
    [t, steps, formats],
  );
}

/** Who left at a step, as a link to their visits where the list can be filtered so. */
function Left({ step, text }: { step: string; text: string }) {
  const search = LEFT_AT[step];
  if (!search) return text;
  return (
    <Anchor component={PageLink} to="/sessions" search={search} size="sm">
      {text}
    </Anchor>
  );
}

function counted({ num, value }: Schema<"Rate">, formats: Formats): string {
  return `${formats.count(num)} · ${formats.share(value)}`;
}
