// Dead letters: why events were not stored, each of them, and sending them again.

import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconRefresh } from "@tabler/icons-react";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useReadPages } from "../../api/pages";
import { PageLink, useFormats, usePageState } from "../../app/navigation";
import { optionalChoice, resetOf } from "../../app/page-state";
import { useMay } from "../../app/session";
import { OptionalChoiceSelect } from "../../components/choice-select";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { FilterBar } from "../../components/filter-bar";
import { MoreButton } from "../../components/more-button";
import { Notice } from "../../components/notice";
import { ProblemAlert } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { deadLetterTexts } from "./dead-letter-texts";

type Letter = Schema<"DeadLetter">;
type Reason = Schema<"DeadLetterReason">;

const PATH = "/api/admin/dead-letters";
const STAGES = ["dead", "rejected"] as const;
const PAGE = 50;
const HEIGHT = 420;

const fields = { stage: optionalChoice(STAGES) };

/** Reasons, letters and a button that sends all again. */
export function DeadLetters({ meta }: { meta: Schema<"Meta"> }) {
  const t = useTexts(deadLetterTexts);
  const { more } = useTexts(common);
  const [state, setState] = usePageState(fields);
  const { stage } = state;
  const letters = useReadPages(
    PATH,
    { limit: PAGE, ...(stage ? { stage } : {}) },
    ({ nextCursor }) => (nextCursor ? { cursor: nextCursor } : undefined),
  );
  const replay = useReplay();
  const reasonColumns = useReasonColumns();
  const letterColumns = useLetterColumns(replay);
  return (
    <Tile title={t.title} aside={<Definition name={t.title} text={t.titleText} meta={meta} />}>
      <QueryView query={letters} height={HEIGHT}>
        {({ pages }) => {
          const reasons = pages[0]?.reasons ?? [];
          const rows = pages.flatMap((page) => page.deadLetters);
          return (
            <Stack gap="sm">
              <Summary reasons={reasons} replay={replay} />
              {reasons.length > 0 && (
                <>
                  <DataTable
                    label={t.reasons}
                    columns={reasonColumns}
                    rows={reasons}
                    rowKey={({ stage, queue, code, field }) =>
                      [stage, queue, code, field].join(" ")
                    }
                  />
                  <FilterBar onReset={resetOf(fields, state, setState)}>
                    <OptionalChoiceSelect
                      label={t.stage}
                      words={STAGES}
                      names={t.stages}
                      value={stage}
                      onChange={(chosen) => setState({ stage: chosen })}
                    />
                  </FilterBar>
                  <DataTable
                    label={t.letters}
                    columns={letterColumns}
                    rows={rows}
                    rowKey={({ id }) => id}
                    maxHeight={HEIGHT}
                  />
                </>
              )}
            </Stack>
          );
        }}
      </QueryView>
      <Group mt="sm">
        <MoreButton query={letters} label={more} />
        <Anchor size="sm" component={PageLink} to="/alerts" search={{ rule: "dead_letters" }}>
          {t.alerts}
        </Anchor>
      </Group>
    </Tile>
  );
}

/** Sends dead letters again: one by its id, or all. */
function useReplay() {
  return useChange(
    async (id: string | null) => {
      const { data } = await api.POST("/api/admin/dead-letters/replay", { body: { id } });
      return data;
    },
    [PATH, "/api/admin/analytics/data-quality"],
  );
}

type ReplayChange = ReturnType<typeof useReplay>;

function Summary({ reasons, replay }: { reasons: readonly Reason[]; replay: ReplayChange }) {
  const t = useTexts(deadLetterTexts);
  const formats = useFormats();
  const mayReplay = useMay("jobs:run");
  const eventsOf = (stage: string) =>
    reasons.filter((reason) => reason.stage === stage).reduce((sum, { events }) => sum + events, 0);
  const dead = eventsOf("dead");
  const rejected = eventsOf("rejected");
  return (
    <>
      <Text fw={600}>{dead === 0 ? t.none : t.dead(dead, formats.count(dead))}</Text>
      {rejected > 0 && <Text size="sm">{t.rejected(rejected, formats.count(rejected))}</Text>}
      {dead > 0 && mayReplay && (
        <Group>
          <Button
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={replay.isPending && replay.variables === null}
            disabled={replay.isPending}
            onClick={() => replay.mutate(null)}
          >
            {t.replayAll}
          </Button>
          <Text size="sm" c="dimmed">
            {t.replayHint}
          </Text>
        </Group>
      )}
      <Replayed replay={replay} />
    </>
  );
}

/** What became of the letters that were sent again last. */
function Replayed({ replay: { data, error, variables, mutate } }: { replay: ReplayChange }) {
  const t = useTexts(deadLetterTexts);
  const formats = useFormats();
  if (error) return <ProblemAlert problem={error} onRetry={() => mutate(variables ?? null)} />;
  if (!data) return null;
  const { stored, stillDead, left } = data;
  return (
    <Notice tone={stillDead + left > 0 ? "warning" : "good"} role="status">
      {t.replayed(formats.count(stored))} {stillDead > 0 && t.stillDead(formats.count(stillDead))}{" "}
      {left > 0 && t.left(formats.count(left))}
    </Notice>
  );
}

/** What a code means, and the code. */
function Code({ code }: { code: string }) {
  const t = useTexts(deadLetterTexts);
  const known: Readonly<Record<string, string>> = t.codes;
  const meaning = known[code] ?? (/^2[23]/.test(code) ? t.refusedByDatabase : undefined);
  return (
    <>
      {meaning && <Text size="sm">{meaning}</Text>}
      <Text size="xs" c="dimmed">
        {code}
      </Text>
    </>
  );
}

function useReasonColumns(): readonly Column<Reason>[] {
  const t = useTexts(deadLetterTexts);
  const formats = useFormats();
  return useMemo(
    () => [
      stageColumn(t),
      { id: "code", header: t.why, value: ({ code }) => code, cell: Code },
      { id: "field", header: t.field, value: ({ field }) => field },
      { id: "queue", header: t.queue, value: ({ queue }) => queue },
      { id: "events", header: t.events, value: ({ events }) => events, format: formats.count },
      { id: "last", header: t.last, value: ({ lastAt }) => lastAt, instant: formats.dateTime },
    ],
    [t, formats],
  );
}

function useLetterColumns(replay: ReplayChange): readonly Column<Letter>[] {
  const t = useTexts(deadLetterTexts);
  const formats = useFormats();
  const mayReplay = useMay("jobs:run");
  const { mutate, isPending, variables } = replay;
  return useMemo(() => {
    const columns: Column<Letter>[] = [
      {
        id: "found",
        header: t.found,
        value: ({ createdAt }) => createdAt,
        instant: formats.dateTime,
      },
      stageColumn(t),
      { id: "code", header: t.why, value: ({ code }) => code, cell: Code },
      { id: "field", header: t.field, value: ({ field }) => field },
      {
        id: "detail",
        header: t.detail,
        sortable: false,
        value: ({ detail }) => detail,
        cell: Detail,
      },
      { id: "session", header: t.session, value: ({ sessionId }) => sessionId, cell: SessionOf },
    ];
    if (!mayReplay) return columns;
    const action: Column<Letter> = {
      id: "replay",
      header: t.replay,
      sortable: false,
      value: () => null,
      cell: ({ id, stage }) =>
        stage === "dead" && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t.replayOne(id)}
            loading={isPending && variables === id}
            disabled={isPending}
            onClick={() => mutate(id)}
          >
            {t.replay}
          </Button>
        ),
    };
    return [...columns, action];
  }, [t, formats, mayReplay, mutate, isPending, variables]);
}

/** The server's own words. */
function Detail({ detail }: Letter) {
  return <span lang="en">{detail}</span>;
}

function SessionOf({ sessionId }: Letter) {
  return (
    sessionId && (
      <Anchor size="sm" component={PageLink} to="/sessions/$id" params={{ id: sessionId }}>
        {sessionId}
      </Anchor>
    )
  );
}

function stageColumn(t: { stage: string; stages: Readonly<Record<string, string>> }) {
  const nameOf = ({ stage }: { stage: string }) => t.stages[stage] ?? stage;
  return { id: "stage", header: t.stage, value: nameOf };
}
