// What a change of the catalogue does: prices before and after, and what popular configurations cost.

import { Badge, Code, Group, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { useTexts } from "../../i18n/texts";
import type { Names } from "./names";
import type { Price } from "./prices";
import { texts } from "./texts";

type Change = Schema<"CatalogueChange">;
type Effect = Schema<"PriceEffect">;

const HEIGHT = 320;

/** The differences between two catalogues. */
export function ChangesTable(props: {
  changes: readonly Change[];
  names: Names;
  /** What they are the changes of, for the table's caption. */
  label?: string;
}) {
  const t = useTexts(texts);
  const { changes, names, label = t.changes } = props;
  const prices = changes.filter((change) => change.kind === "price");
  const structure = changes.filter((change) => change.kind === "structure");
  return (
    <Stack gap="xs">
      {prices.length > 0 && <PriceChanges changes={prices} names={names} label={label} />}
      {structure.length > 0 && (
        <Stack gap={4}>
          <Text size="sm" fw={600}>
            {t.structure}
          </Text>
          {structure.map(({ place, from, to }) => (
            <Group key={place} gap="xs" wrap="wrap">
              <Code>{place}</Code>
              <Text size="sm">
                <Code>{JSON.stringify(from)}</Code> → <Code>{JSON.stringify(to)}</Code>
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Stack>
  );
}

type PriceChange = Extract<Change, { kind: "price" }>;

function PriceChanges(props: { changes: readonly PriceChange[]; names: Names; label: string }) {
  const { changes, names, label } = props;
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useMemo((): readonly Column<PriceChange>[] => {
    const money = (price: Price | null | undefined) =>
      price === "on_request" ? t.onRequest : formats.money(price);
    return [
      {
        id: "what",
        header: t.option,
        value: (change) => `${names.category(change.category)} · ${names.row(change)}`,
        cell: (change) => (
          <>
            <Text size="sm">{names.row(change)}</Text>
            <Text size="xs" c="dimmed">
              {names.category(change.category)}
              {change.size ? ` · ${names.size(change.size)}` : ""}
            </Text>
          </>
        ),
      },
      { id: "from", header: t.before, value: ({ from }) => from, format: money },
      {
        id: "to",
        header: t.after,
        align: "right",
        value: ({ to }) => to,
        cell: ({ to }) => <strong>{money(to)}</strong>,
      },
      {
        id: "difference",
        header: t.difference,
        value: ({ from, to }) => ratio(from, to),
        format: formats.change,
      },
    ];
  }, [t, formats, names]);
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={changes}
      rowKey={(change, index) => `${change.category}${change.option}${index}`}
      maxHeight={HEIGHT}
    />
  );
}

/** What the most popular configurations cost before and after. */
export function EffectTable({ effect, names }: { effect: readonly Effect[]; names: Names }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useMemo(
    (): readonly Column<Effect>[] => [
      {
        id: "configuration",
        header: t.configuration,
        sortable: false,
        value: ({ selections }) => describe(selections, names),
        cell: ({ selections, onRequest }) => (
          <>
            <Text size="xs" maw={340} lineClamp={2} title={describe(selections, names)}>
              {describe(selections, names)}
            </Text>
            {onRequest.length > 0 && (
              <Badge size="xs" variant="outline">
                {t.onRequest}: {onRequest.map(names.category).join(", ")}
              </Badge>
            )}
          </>
        ),
      },
      {
        id: "sessions",
        header: t.sessions,
        value: ({ sessions }) => sessions,
        format: formats.count,
      },
      {
        id: "before",
        header: t.before,
        value: ({ beforeCents }) => beforeCents,
        format: formats.money,
      },
      {
        id: "after",
        header: t.after,
        align: "right",
        value: ({ afterCents }) => afterCents,
        cell: ({ afterCents }) => <strong>{formats.money(afterCents)}</strong>,
      },
      {
        id: "difference",
        header: t.difference,
        value: ({ beforeCents, afterCents }) => ratio(beforeCents, afterCents),
        format: formats.change,
      },
    ],
    [t, formats, names],
  );
  return (
    <DataTable
      label={t.effect}
      columns={columns}
      rows={effect}
      rowKey={({ configurationHash }) => configurationHash}
      maxHeight={HEIGHT}
    />
  );
}

function ratio(from: Price | null | undefined, to: Price | null | undefined): number | undefined {
  if (typeof from !== "number" || typeof to !== "number" || from === 0) return undefined;
  return to / from - 1;
}

function describe(selections: Schema<"Selections">, names: Names): string {
  return Object.entries(selections)
    .map(([category, { option }]) => names.option(category, option))
    .join(", ");
}
