// How far visits come, and where they leave.

import { rateOf, type Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useView } from "../../app/navigation";
import { rangeQuery } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
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

/** The steps of the configurator funnel with who left there. */
export function DropOff({ report }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const dropOff = useRead("/api/admin/analytics/dropoff", {
    ...rangeQuery(useView()),
    compare: "none",
  });
  const columns = useColumns();
  return (
    <Tile
      title={t.money}
      aside={
        dropOff.data && <Definition name={t.money} text={t.dropText} meta={dropOff.data.meta} />
      }
    >
      <QueryView query={dropOff}>
        {({ levels }) => (
          <DataTable
            label={t.money}
            columns={columns}
            rows={report.current.funnel.map(({ step, reached }) => ({
              step,
              reached,
              left: rateOf(levels.find(({ level }) => level === step)?.dropOffRate),
            }))}
            rowKey={({ step }) => step}
          />
        )}
      </QueryView>
    </Tile>
  );
}

function useColumns(): readonly Column<Level>[] {
  const t = useTexts(texts);
  const steps: Readonly<Record<string, string>> = useTexts(common).step;
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
        cell: ({ left }) => left && counted(left, formats),
      },
    ],
    [t, steps, formats],
  );
}

function counted({ num, value }: Schema<"Rate">, formats: Formats): string {
  return `${formats.count(num)} · ${formats.share(value)}`;
}
