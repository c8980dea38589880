// API keys: every key that was ever made, new ones, and revoking.

import { Badge, Button, Code, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { IconKey } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useFormats, usePageState } from "../../app/navigation";
import { optionalChoice, resetOf, type StateOf, text } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { Confirm } from "../../components/confirm";
import { type Column, DataTable } from "../../components/data-table";
import { StateFilterBar } from "../../components/filter-bar";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { MakeKey } from "./make-key";
import { texts } from "./texts";

type ApiKey = Schema<"ApiKey">;

const STATES = ["active", "expired", "revoked"] as const;

type KeyState = (typeof STATES)[number];

const fields = { search: text(), state: optionalChoice(STATES) };

/** The page. */
export default function ApiKeysPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [state, setState] = usePageState(fields);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey>();
  const keys = useRead("/api/admin/api-keys", {});
  const columns = useColumns(setRevoking);
  return (
    <Page
      title={pages.apiKeys}
      description={t.description}
      actions={
        <Button leftSection={<IconKey size={16} aria-hidden />} onClick={() => setMaking(true)}>
          {t.make}
        </Button>
      }
    >
      <StateFilterBar
        state={state}
        onChange={setState}
        onReset={resetOf(fields, state, setState)}
        words={STATES}
        texts={t}
      />
      <QueryView
        query={keys}
        isEmpty={(data) => data.filter((key) => matches(key, state)).length === 0}
        empty={
          <Empty title={t.none} action={{ label: t.make, onClick: () => setMaking(true) }}>
            {t.noneHint}
          </Empty>
        }
      >
        {(data) => (
          <DataTable
            label={pages.apiKeys}
            columns={columns}
            rows={data.filter((key) => matches(key, state))}
            rowKey={({ id }) => id}
          />
        )}
      </QueryView>
      {making && <MakeKey onClose={() => setMaking(false)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </Page>
  );
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useTexts(texts);
  const revoke = useChange(
    () => api.DELETE("/api/admin/api-keys", { params: { query: { id: apiKey.id } } }),
    ["/api/admin/api-keys", "/api/admin/audit"],
  );
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t.revokeTitle(apiKey.name)}
      action={t.revoke}
      danger
      onConfirm={async () => {
        await revoke.mutateAsync(undefined);
        notifications.show({ color: "green", message: t.revoked(apiKey.name) });
      }}
    >
      <Text size="sm">{t.revokeText}</Text>
    </Confirm>
  );
}

function stateOf({ revokedAt, expiresAt }: ApiKey): KeyState {
  if (revokedAt) return "revoked";
  return expiresAt && Date.parse(expiresAt) <= Date.now() ? "expired" : "active";
}

function matches(key: ApiKey, { search, state }: StateOf<typeof fields>): boolean {
  const wanted = search.trim().toLowerCase();
  const words = `${key.name} ${key.prefix} ${key.createdBy} ${key.scopes.join(" ")}`;
  return words.toLowerCase().includes(wanted) && (state === undefined || stateOf(key) === state);
}

function useColumns(onRevoke: (key: ApiKey) => void): readonly Column<ApiKey>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: "name",
        header: t.name,
        value: ({ name }) => name,
        cell: ({ name, prefix }) => (
          <>
            <Text size="sm" fw={600}>
              {name}
            </Text>
            <Code>nhk_{prefix}…</Code>
          </>
        ),
      },
      {
        id: "state",
        header: t.state,
        value: stateOf,
        cell: (key) => (
          <>
            <Badge size="sm" variant="outline" color="gray" c="inherit">
              {t.states[stateOf(key)]}
            </Badge>
            {key.revokedAt && (
              <Text size="xs" c="dimmed">
                {formats.dateTime(key.revokedAt)}
              </Text>
            )}
          </>
        ),
      },
      {
        id: "scopes",
        header: t.scopes,
        sortable: false,
        value: ({ scopes }) => scopes.join(" "),
        cell: ({ scopes }) => <Scopes scopes={scopes} />,
      },
      {
        id: "lastUsed",
        header: t.lastUsed,
        value: ({ lastUsedAt }) => lastUsedAt,
        cell: ({ lastUsedAt }) => (lastUsedAt ? formats.dateTime(lastUsedAt) : t.never),
      },
      {
        id: "expires",
        header: t.expires,
        value: ({ expiresAt }) => expiresAt,
        cell: ({ expiresAt }) => (expiresAt ? formats.dateTime(expiresAt) : t.noEnd),
      },
      {
        id: "created",
        header: t.created,
        value: ({ createdAt }) => createdAt,
        cell: ({ createdAt, createdBy }) => (
          <>
            <Text size="sm">{formats.dateTime(createdAt)}</Text>
            <Text size="xs" c="dimmed">
              {t.by(createdBy)}
            </Text>
          </>
        ),
      },
      {
        id: "actions",
        header: t.actions,
        sortable: false,
        value: () => null,
        cell: (key) =>
          !key.revokedAt && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t.revokeKey(key.name)}
              onClick={() => onRevoke(key)}
            >
              {t.revoke}
            </Button>
          ),
      },
    ],
    [t, formats, onRevoke],
  );
}

function Scopes({ scopes }: { scopes: readonly string[] }) {
  const t = useTexts(texts);
  const names: Readonly<Record<string, string>> = t.scopeTexts;
  return (
    <Group gap={4} miw={240} maw={420}>
      {scopes.map((scope) => (
        <Code key={scope} title={names[scope] ?? scope}>
          {scope}
        </Code>
      ))}
    </Group>
  );
}
