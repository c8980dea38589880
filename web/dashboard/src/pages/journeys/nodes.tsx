// Visits at each node, step by step.

import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import type { NodeNames } from "./names";
import { texts } from "./texts";

/** The nodes as a table. */
export function Nodes({ report, names }: { report: Schema<"Journeys">; names: NodeNames }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useMemo<readonly Column<Schema<"FlowNode">>[]>(
    () => [
      {
        id: "step",
        header: report.anchor === "end" ? t.stepBack : t.step,
        value: ({ depth }) => depth,
        format: formats.count,
      },
      { id: "node", header: t.nodeColumn, value: ({ node }) => names.name(node) },
      { id: "visits", header: t.count, value: ({ visits }) => visits, format: formats.count },
    ],
    [t, formats, names, report.anchor],
  );
  return (
    <Tile
      title={t.nodes}
      aside={<Definition name={t.nodes} text={t.nodesText} meta={report.meta} />}
    >
      <DataTable
        label={t.nodes}
        columns={columns}
        rows={report.nodes}
        rowKey={({ depth, node }) => `${depth}/${node}`}
        maxHeight={420}
      />
    </Tile>
  );
}
