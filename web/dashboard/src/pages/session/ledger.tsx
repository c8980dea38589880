// What became of the session's events: transmissions, and numbered events by tab.

import { Alert, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconCircleCheck, IconUnlink } from "@tabler/icons-react";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Ledger = Schema<"SessionLedger">;

const FATES = [
  "emitted",
  "stored",
  "droppedLocal",
  "rejected",
  "dead",
  "erased",
  "inFlight",
  "unknown",
  "overcounted",
] as const;

const TRANSMISSIONS = [
  "received",
  "stored",
  "rejected",
  "duplicate",
  "dead",
  "queued",
  "difference",
] as const;

/** The ledger of a session. */
export function SessionLedger({ sessionId }: { sessionId: string }) {
  const t = useTexts(texts).ledger;
  const quality = useRead("/api/admin/analytics/data-quality", { sessionId, timeRange: "24h" });
  return (
    <Tile
      title={t.title}
      aside={quality.data && <Definition name={t.title} text={t.text} meta={quality.data.meta} />}
    >
      <QueryView query={quality} height={120}>
        {({ session }) => session && <Fates ledger={session} />}
      </QueryView>
    </Tile>
  );
}

function Fates({ ledger }: { ledger: Ledger }) {
  const t = useTexts(texts).ledger;
  const formats = useFormats();
  const tabColumns = useTabColumns();
  const transmissionColumns = useTransmissionColumns();
  const isClosed = ledger.transmissions.difference === 0;
  const lost = ledger.tabs.reduce((sum, { unknown }) => sum + unknown, 0);
  return (
    <Stack gap="sm">
      {lost > 0 && (
        <Alert color="yellow" icon={<IconUnlink aria-hidden />}>
          {t.lost(formats.count(lost))}
        </Alert>
      )}
      {lost === 0 && isClosed && (
        <Text size="sm" c="var(--nest-up)">
          <IconCircleCheck size={16} aria-hidden style={{ verticalAlign: "-3px" }} /> {t.closed}
        </Text>
      )}
      {ledger.unaccountable > 0 && (
        <Text size="sm">{t.unaccountable(formats.count(ledger.unaccountable))}</Text>
      )}
      <Text size="sm" fw={600} component="h3">
        {t.tabs}
      </Text>
      <DataTable
        label={t.tabs}
        columns={tabColumns}
        rows={ledger.tabs}
        rowKey={({ tabId }) => tabId}
      />
      <Text size="sm" fw={600} component="h3">
        {t.transmissions}
      </Text>
      <DataTable
        label={t.transmissions}
        columns={transmissionColumns}
        rows={[ledger.transmissions]}
        rowKey={() => "all"}
      />
    </Stack>
  );
}

function useTabColumns(): readonly Column<Schema<"TabLedger">>[] {
  const t = useTexts(texts).ledger;
  const formats = useFormats();
  return useMemo(
    () => [
      { id: "tab", header: t.tab, value: ({ tabId }) => tabId },
      ...FATES.map((fate) => ({
        id: fate,
        header: t[fate],
        align: "right" as const,
        value: (tab: Schema<"TabLedger">) => tab[fate],
        cell: (tab: Schema<"TabLedger">) => formats.count(tab[fate]),
      })),
    ],
    [t, formats],
  );
}

function useTransmissionColumns(): readonly Column<Schema<"Transmissions">>[] {
  const t = useTexts(texts).ledger;
  const formats = useFormats();
  return useMemo(
    () =>
      TRANSMISSIONS.map((fate) => ({
        id: fate,
        header: t[fate],
        sortable: false,
        value: (all) => all[fate],
        format: formats.count,
      })),
    [t, formats],
  );
}
