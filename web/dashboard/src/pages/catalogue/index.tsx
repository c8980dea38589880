// The catalogue: its prices in a grid, changes reviewed before they are saved, and its history.

import { Button, Group, SegmentedControl, Select, Switch, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, usePageState } from "../../app/navigation";
import {
  choice,
  optionalFlag,
  optionalInteger,
  resetOf,
  type StateOf,
  text,
} from "../../app/page-state";
import { useMay } from "../../app/session";
import { shellTexts } from "../../app/shell-texts";
import { useActorName } from "../../components/actor-name";
import { Confirm } from "../../components/confirm";
import { FilterBar, SearchField } from "../../components/filter-bar";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import type { Source } from "./edit";
import { EditBar } from "./edit-bar";
import { Files } from "./files";
import { Grid } from "./grid";
import { History, StateBadge } from "./history";
import { type Names, namesOf } from "./names";
import { cellKey, type Edits, type PriceRow, withEdits } from "./prices";
import { Review } from "./review";
import { RollBack } from "./rollback";
import { texts } from "./texts";
import { type Editing, useEdits } from "./use-edits";

const TABS = ["prices", "history"] as const;
const VERSION_MAX = 2_147_483_647;

const filters = {
  category: text(),
  search: text(),
  /** Whether only changed rows show. */
  changed: optionalFlag(),
};

const fields = {
  ...filters,
  tab: choice(TABS, "prices"),
  /** The version that shows; the one in force, if left out. */
  version: optionalInteger(1, VERSION_MAX),
};

type State = StateOf<typeof fields>;

type List = Schema<"PriceListView">;

/** What waits in a dialogue. */
type Dialogue =
  | { kind: "review"; source: Source; expectedVersion: number }
  | { kind: "rollback"; toVersion: number; expectedVersion: number };

/** The page. */
export default function CataloguePage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const mayWrite = useMay("catalog:write");
  const [state, setState] = usePageState(fields);
  const list = useRead("/api/admin/catalog", state.version ? { version: state.version } : {});
  const editing = useEdits(list.data?.latestVersion);
  const [dialogue, setDialogue] = useState<Dialogue>();
  const expectedVersion = editing.seenVersion ?? list.data?.latestVersion ?? 0;
  const names = useMemo(() => list.data && namesOf(list.data.catalogue), [list.data]);
  return (
    <Page
      title={pages.catalogue}
      description={t.description}
      actions={
        <Files
          version={state.version}
          mayUpload={mayWrite}
          onUpload={(source) => setDialogue({ kind: "review", source, expectedVersion })}
        />
      }
    >
      <SegmentedControl
        aria-label={t.view}
        value={state.tab}
        onChange={(tab) => setState({ tab })}
        data={TABS.map((value) => ({ value, label: t.tabs[value] }))}
        style={{ alignSelf: "flex-start" }}
      />
      <QueryView query={list} height={480}>
        {(data) =>
          names && (
            <>
              {state.tab === "prices" ? (
                <Prices
                  list={data}
                  names={names}
                  editing={editing}
                  state={state}
                  setState={setState}
                  onReview={(source) => setDialogue({ kind: "review", source, expectedVersion })}
                />
              ) : (
                <History
                  names={names}
                  onShow={(version) => setState({ tab: "prices", version })}
                  onPublish={(draftVersion) =>
                    setDialogue({
                      kind: "review",
                      source: { kind: "draft", draftVersion },
                      expectedVersion: data.latestVersion,
                    })
                  }
                  onRollBack={(toVersion) =>
                    setDialogue({
                      kind: "rollback",
                      toVersion,
                      expectedVersion: data.latestVersion,
                    })
                  }
                />
              )}
              <Dialogues
                dialogue={dialogue}
                names={names}
                editing={editing}
                setDialogue={setDialogue}
                onSaved={() => setState({ version: undefined, changed: undefined })}
              />
            </>
          )
        }
      </QueryView>
      <LeaveGuard isDirty={editing.edits.size > 0} />
    </Page>
  );
}

function Dialogues(props: {
  dialogue: Dialogue | undefined;
  names: Names;
  editing: Editing;
  setDialogue: (dialogue: Dialogue | undefined) => void;
  onSaved: () => void;
}) {
  const queries = useQueryClient();
  const { dialogue, names, editing, setDialogue } = props;
  const close = () => setDialogue(undefined);
  const takeOver = (version: number) => {
    editing.takeOver(version);
    void queries.invalidateQueries({ queryKey: ["/api/admin/catalog"] });
    void queries.invalidateQueries({ queryKey: ["/api/admin/catalog/history"] });
    close();
  };
  const latest = useRead("/api/admin/catalog", {}, { enabled: false });
  const onTakeOver = async () => {
    const { data } = await latest.refetch();
    if (data) takeOver(data.latestVersion);
  };
  if (dialogue?.kind === "rollback") {
    const { toVersion, expectedVersion } = dialogue;
    return (
      <RollBack
        toVersion={toVersion}
        expectedVersion={expectedVersion}
        names={names}
        onClose={close}
        onTakeOver={() => void onTakeOver()}
      />
    );
  }
  if (dialogue?.kind !== "review") return null;
  return (
    <Review
      source={dialogue.source}
      expectedVersion={dialogue.expectedVersion}
      names={names}
      onClose={close}
      onTakeOver={() => void onTakeOver()}
      onSaved={() => {
        close();
        editing.discard();
        props.onSaved();
      }}
    />
  );
}

function Prices(props: {
  list: List;
  names: Names;
  editing: Editing;
  state: State;
  setState: (change: Partial<State>) => void;
  onReview: (source: Source) => void;
}) {
  const t = useTexts(texts);
  const mayWrite = useMay("catalog:write");
  const { list, names, editing, state, setState } = props;
  const { catalogue } = list;
  const canEdit = mayWrite && (list.state === "published" || list.state === "draft");
  const { edits } = editing;
  const rows = useMemo(() => shownRows(list, names, edits, state), [list, names, edits, state]);
  const review = () => {
    const prices = withEdits(catalogue.prices, editing.edits);
    const isDraft = list.state === "draft";
    props.onReview(
      isDraft
        ? { kind: "catalogue", catalogue: { ...catalogue, prices } }
        : { kind: "prices", prices },
    );
  };
  return (
    <>
      <VersionLine list={list} onBack={() => setState({ version: undefined })} />
      <FilterBar onReset={resetOf(filters, state, setState)}>
        <SearchField
          label={t.search}
          value={state.search}
          onChange={(search) => setState({ search })}
        />
        <Select
          label={t.category}
          placeholder={t.allCategories}
          clearable
          value={state.category || null}
          data={catalogue.categories.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(category) => setState({ category: category ?? "" })}
        />
        {canEdit && (
          <Switch
            label={t.changedOnly}
            checked={state.changed ?? false}
            mb={8}
            onChange={(event) =>
              setState({ changed: event.currentTarget.checked ? true : undefined })
            }
          />
        )}
      </FilterBar>
      {canEdit && (
        <Text size="sm" c="dimmed">
          {t.gridHint}
        </Text>
      )}
      <Grid
        catalogue={catalogue}
        names={names}
        rows={rows}
        edits={editing.edits}
        readOnly={!canEdit}
        onEdit={editing.edit}
      />
      <EditBar edits={editing.edits} onDiscard={editing.discard} onReview={review} />
    </>
  );
}

/** Which version shows, and what that means. */
function VersionLine({ list, onBack }: { list: List; onBack: () => void }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const actorName = useActorName();
  const isInForce = list.state === "published";
  const line = (
    <Group gap="xs">
      <Text fw={600}>{t.versionName(list.version)}</Text>
      <StateBadge state={list.state} />
      <Text size="sm" c="dimmed">
        {[
          list.effectiveFrom ? t.inForceFrom(formats.dateTime(list.effectiveFrom)) : "",
          actorName(list.publishedBy ?? list.createdBy),
          list.note,
          t.currency(list.catalogue.currency),
        ]
          .filter(Boolean)
          .join(" · ")}
      </Text>
      {list.scheduled.length > 0 && (
        <Text size="sm">{t.scheduledNow(list.scheduled.join(", "))}</Text>
      )}
    </Group>
  );
  if (isInForce) return line;
  return (
    <Notice tone="warning" title={list.state === "draft" ? t.isDraft : t.isOld}>
      {line}
      <Button size="xs" variant="default" mt="xs" onClick={onBack}>
        {t.backToForce}
      </Button>
    </Notice>
  );
}

function shownRows(list: List, names: Names, edits: Edits, state: State): PriceRow[] {
  const search = state.search.trim().toLowerCase();
  const changed = new Set([...edits.keys()].map(rowOf));
  return list.catalogue.prices.filter(
    (row) =>
      (!state.category || row.category === state.category) &&
      (!search ||
        `${names.category(row.category)} ${names.row(row)} ${row.option}`
          .toLowerCase()
          .includes(search)) &&
      (!state.changed || changed.has(rowOf(cellKey(row)))),
  );
}

/** A cell's key without its size. */
function rowOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

/** Asks before changes that are not saved are lost. */
function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const t = useTexts(texts);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Confirm
      opened={blocker.status === "blocked"}
      onClose={() => blocker.reset?.()}
      title={t.leave}
      action={t.leaveAction}
      danger
      onConfirm={async () => blocker.proceed?.()}
    >
      <Text size="sm">{t.leaveText}</Text>
    </Confirm>
  );
}
