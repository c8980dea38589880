// The audit log: who did what, and when, with filters.

import { Button, Code, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconDownload } from "@tabler/icons-react";
import { useMemo } from "react";
import { type Query, useRead } from "../../api/hooks";
import { useReadPages } from "../../api/pages";
import { useFormats, usePageState, useView } from "../../app/navigation";
import { resetOf, type StateOf, text } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { useActorName } from "../../components/actor-name";
import { type Column, DataTable } from "../../components/data-table";
import { FilterBar, SearchField } from "../../components/filter-bar";
import { MoreButton } from "../../components/more-button";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { useDownload } from "../../components/use-download";
import { useTexts } from "../../i18n/texts";
import { addDays, startOfDay } from "../../lib/zone";
import { EntryDetail } from "./entry-detail";
import { texts } from "./texts";

type Entry = Schema<"AuditLogEntry">;

const PATH = "/api/admin/audit";
const PAGE = 200;

/** Entries that filters take their words from: the newest. */
const LIMIT_MAX = 500;

const HEIGHT = 640;

const fields = {
  search: text(),
  actor: text(),
  action: text(),
  /** Days in the chosen zone, both inclusive. */
  first: text(),
  last: text(),
};

type State = StateOf<typeof fields>;

/** The page. */
export default function AuditPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const formats = useFormats();
  const { tz } = useView();
  const [state, setState] = usePageState(fields);
  const query = useReadPages(PATH, questionOf(state, tz), (page) => {
    const last = page.at(-1);
    return last && page.length === PAGE ? { before: last.seq } : undefined;
  });
  const entries = useMemo(() => query.data?.pages.flat() ?? [], [query.data]);
  const actionName = useActionNames();
  const columns = useColumns(actionName);
  return (
    <Page title={pages.audit} description={t.description} actions={<CsvButton entries={entries} />}>
      <Filters state={state} setState={setState} actionName={actionName} />
      <QueryView
        query={query}
        isEmpty={() => entries.length === 0}
        empty={<Empty title={t.none}>{t.noneHint}</Empty>}
      >
        {() => (
          <DataTable
            label={pages.audit}
            columns={columns}
            rows={entries}
            rowKey={({ seq }) => String(seq)}
            maxHeight={HEIGHT}
          />
        )}
      </QueryView>
      <Group>
        <Text size="sm" c="dimmed" role="status">
          {t.loaded(formats.count(entries.length))} {query.data && !query.hasNextPage && t.first}
        </Text>
        <MoreButton query={query} label={t.older} />
      </Group>
      <Stack gap={4}>
        <Text size="sm" c="dimmed">
          {t.chain}
        </Text>
        <Code block tabIndex={0}>
          nest-haus audit verify
        </Code>
      </Stack>
    </Page>
  );
}

function Filters(props: {
  state: State;
  setState: (change: Partial<State>) => void;
  actionName: (action: string) => string;
}) {
  const t = useTexts(texts);
  const { state, setState, actionName } = props;
  const actorName = useActorName();
  const { data: newest = [] } = useRead(PATH, { limit: LIMIT_MAX });
  const actors = [...new Set(newest.map(({ actor }) => actor))].sort();
  const actions = [...new Set(newest.map(({ action }) => action))].sort();
  return (
    <FilterBar onReset={resetOf(fields, state, setState)}>
      <SearchField
        label={t.search}
        value={state.search}
        onChange={(search) => setState({ search })}
      />
      <Select
        label={t.actor}
        placeholder={t.everybody}
        clearable
        searchable
        value={state.actor || null}
        data={(state.actor && !actors.includes(state.actor)
          ? [state.actor, ...actors]
          : actors
        ).map((value) => ({ value, label: actorName(value) }))}
        onChange={(actor) => setState({ actor: actor ?? "" })}
      />
      <Select
        label={t.action}
        placeholder={t.anything}
        clearable
        searchable
        value={state.action || null}
        data={(state.action && !actions.includes(state.action)
          ? [state.action, ...actions]
          : actions
        ).map((value) => ({ value, label: actionName(value) }))}
        onChange={(action) => setState({ action: action ?? "" })}
      />
      <TextInput
        type="date"
        label={t.from}
        value={state.first}
        onChange={(event) => setState({ first: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label={t.to}
        value={state.last}
        onChange={(event) => setState({ last: event.currentTarget.value })}
      />
    </FilterBar>
  );
}

/** What the log is asked; days begin and end in the chosen zone. */
function questionOf({ search, actor, action, first, last }: State, tz: string): Query<typeof PATH> {
  return {
    limit: PAGE,
    ...(search ? { search } : {}),
    ...(actor ? { actor } : {}),
    ...(action ? { action } : {}),
    ...(first ? { from: startOfDay(first, tz) } : {}),
    ...(last ? { to: startOfDay(addDays(last, 1), tz) } : {}),
  };
}

function useActionNames(): (action: string) => string {
  const t = useTexts(texts);
  return useMemo(() => {
    const names: Readonly<Record<string, string>> = t.actions;
    return (action) => names[action] ?? action;
  }, [t]);
}

function useColumns(actionName: (action: string) => string): readonly Column<Entry>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  const actorName = useActorName();
  return useMemo(
    () => [
      { id: "seq", header: t.seq, align: "right", value: ({ seq }) => seq },
      {
        id: "at",
        header: t.at,
        value: ({ at }) => at,
        cell: ({ at }) => <span title={formats.dateTimeExact(at)}>{formats.dateTime(at)}</span>,
      },
      { id: "actor", header: t.actor, value: ({ actor }) => actorName(actor) },
      {
        id: "action",
        header: t.action,
        value: ({ action }) => action,
        cell: ({ action }) => (
          <>
            <Text size="sm">{actionName(action)}</Text>
            <Text size="xs" c="dimmed">
              {action}
            </Text>
          </>
        ),
      },
      { id: "subject", header: t.subject, value: ({ subject }) => subject },
      {
        id: "detail",
        header: t.detail,
        sortable: false,
        value: ({ detail }) => JSON.stringify(detail),
        cell: (entry) => <EntryDetail seq={entry.seq} detail={entry.detail} />,
      },
    ],
    [t, formats, actionName, actorName],
  );
}

function CsvButton({ entries }: { entries: readonly Entry[] }) {
  const t = useTexts(texts);
  const { isBusy, saveCsv } = useDownload();
  const save = () => {
    const rows = entries.map(({ seq, at, actor, action, subject, detail }) => [
      seq,
      at,
      actor,
      action,
      subject,
      JSON.stringify(detail),
    ]);
    const head = ["seq", "at", "actor", "action", "subject", "detail"];
    void saveCsv(t.fileName, head, rows);
  };
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      loading={isBusy}
      disabled={entries.length === 0}
      onClick={save}
    >
      {t.csv}
    </Button>
  );
}
