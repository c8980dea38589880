// Whether pages showed the right prices, and which did not.

import { Anchor, Stack, Text, Title } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { PageLink, useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const CHECKS = [
  "matching",
  "outdated",
  "mismatched",
  "mismatchedConceptCheck",
  "unclaimed",
  "unpriced",
  "snapshots",
] as const;

interface Check {
  name: string;
  count: number;
}

/** Configurations by their price, and the latest wrong ones. */
export function Prices({ report }: { report: Schema<"DataQuality"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { prices, meta } = report;
  const checks = useMemo<readonly Check[]>(
    () => CHECKS.map((check) => ({ name: t.checks[check], count: prices[check] })),
    [t, prices],
  );
  const columns = useMemo<readonly Column<Check>[]>(
    () => [
      { id: "name", header: t.check, sortable: false, value: ({ name }) => name },
      {
        id: "count",
        header: t.configurations,
        sortable: false,
        value: ({ count }) => count,
        format: formats.count,
      },
    ],
    [t, formats],
  );
  return (
    <Tile
      title={t.priceChecks}
      aside={<Definition name={t.priceChecks} text={t.priceChecksText} meta={meta} />}
    >
      <Stack gap="sm">
        <DataTable
          label={t.priceChecks}
          columns={columns}
          rows={checks}
          rowKey={({ name }) => name}
        />
        <Title order={3} size="h6">
          {t.examples}
        </Title>
        <Examples examples={prices.examples} />
      </Stack>
    </Tile>
  );
}

function Examples({ examples }: { examples: readonly Schema<"WrongPrice">[] }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useMemo<readonly Column<Schema<"WrongPrice">>[]>(
    () => [
      {
        id: "when",
        header: t.occurred,
        value: ({ occurredAt }) => occurredAt,
        cell: ({ occurredAt, sessionId }) =>
          sessionId ? (
            <Anchor
              size="sm"
              component={PageLink}
              to="/sessions/$id"
              params={{ id: sessionId }}
              style={{ whiteSpace: "nowrap" }}
            >
              {formats.dateTime(occurredAt)}
            </Anchor>
          ) : (
            formats.dateTime(occurredAt)
          ),
      },
      {
        id: "shown",
        header: t.shown,
        value: ({ claimedCents }) => claimedCents,
        format: formats.money,
      },
      {
        id: "right",
        header: t.right,
        value: ({ priceCents }) => priceCents,
        format: formats.money,
      },
      {
        id: "list",
        header: t.list,
        value: ({ priceListVersion }) => priceListVersion,
        format: formats.count,
      },
      { id: "trigger", header: t.trigger, value: ({ trigger }) => trigger },
    ],
    [t, formats],
  );
  if (examples.length === 0) return <Text size="sm">{t.noExamples}</Text>;
  return (
    <DataTable
      label={t.examples}
      columns={columns}
      rows={examples}
      rowKey={({ occurredAt, sessionId }, at) => `${occurredAt} ${sessionId} ${at}`}
      maxHeight={360}
    />
  );
}
