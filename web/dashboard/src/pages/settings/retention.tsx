// What the job of retention would remove now.

import { Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Empty, QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Removed = Schema<"Removed">;

/** A dry run as a table. */
export function Retention() {
  const t = useTexts(texts).retention;
  const dryRun = useRead("/api/admin/retention", {});
  const columns = useColumns();
  return (
    <Tile title={t.title}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t.text}
        </Text>
        <QueryView
          query={dryRun}
          isEmpty={({ removed }) => removed.length === 0}
          empty={<Empty title={t.none}>{t.noneHint}</Empty>}
        >
          {({ removed }) => (
            <DataTable
              label={t.title}
              columns={columns}
              rows={removed}
              rowKey={({ table, class: kind }) => `${kind} ${table}`}
            />
          )}
        </QueryView>
      </Stack>
    </Tile>
  );
}

function useColumns(): readonly Column<Removed>[] {
  const t = useTexts(texts).retention;
  const formats = useFormats();
  return useMemo(() => {
    const classes: Readonly<Record<string, string>> = t.classes;
    return [
      { id: "table", header: t.table, value: ({ table }) => table },
      {
        id: "class",
        header: t.className,
        value: ({ class: kind }) => classes[kind] ?? kind,
      },
      { id: "before", header: t.before, value: ({ before }) => before, instant: formats.dateTime },
      { id: "rows", header: t.rows, value: ({ rows }) => rows, format: formats.count },
      {
        id: "partitions",
        header: t.partitions,
        sortable: false,
        value: ({ partitions }) => partitions.join(", ") || "–",
      },
    ];
  }, [t, formats]);
}
