// What became of the events of one session, by tab.

import { Anchor, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { PageLink, useFormats, usePageState, useView } from "../../app/navigation";
import { text } from "../../app/page-state";
import { rangeQuery } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { FilterBar, SearchField } from "../../components/filter-bar";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Balance } from "./balance";
import { useTransmissionBalance } from "./ledgers";
import { texts } from "./texts";

const fields = { sessionId: text() };

const COUNTS = [
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

/** The search for a session, and its ledger. */
export function SessionLedger() {
  const t = useTexts(texts);
  const view = useView();
  const [{ sessionId }, setState] = usePageState(fields);
  const found = useRead(
    "/api/admin/analytics/data-quality",
    { ...rangeQuery(view), sessionId },
    { enabled: sessionId !== "" },
  );
  return (
    <Tile title={t.session}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t.sessionText}
        </Text>
        <FilterBar onReset={sessionId ? () => setState({ sessionId: "" }) : undefined}>
          <SearchField
            label={t.sessionId}
            value={sessionId}
            onChange={(value) => setState({ sessionId: value.trim() })}
          />
        </FilterBar>
        {sessionId !== "" && (
          <QueryView query={found} height={160}>
            {({ session }) => session && <Ledger session={session} />}
          </QueryView>
        )}
      </Stack>
    </Tile>
  );
}

function Ledger({ session }: { session: Schema<"SessionLedger"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const balance = useTransmissionBalance();
  const columns = useColumns();
  const { sessionId, transmissions, tabs, unaccountable } = session;
  if (transmissions.received === 0 && tabs.length === 0) return <Text>{t.sessionNone}</Text>;
  return (
    <Stack gap="sm">
      <Balance {...balance(transmissions)} />
      {unaccountable > 0 && <Text size="sm">{t.unaccountable(formats.count(unaccountable))}</Text>}
      <DataTable label={t.session} columns={columns} rows={tabs} rowKey={({ tabId }) => tabId} />
      <Anchor size="sm" component={PageLink} to="/sessions/$id" params={{ id: sessionId }}>
        {t.openSession}
      </Anchor>
    </Stack>
  );
}

function useColumns(): readonly Column<Schema<"TabLedger">>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      { id: "tab", header: t.tab, value: ({ tabId }) => tabId },
      ...COUNTS.map(
        (count): Column<Schema<"TabLedger">> => ({
          id: count,
          header: t.terms[count],
          value: (row) => row[count],
          format: formats.count,
        }),
      ),
    ],
    [t, formats],
  );
}
