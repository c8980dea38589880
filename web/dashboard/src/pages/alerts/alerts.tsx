// Alerts: firing first, then those that somebody knows of, then what is over.

import { Alert, Box, Group, Stack, Title } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconBellOff, IconCircleCheck } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useRead } from "../../api/hooks";
import { useReadPages } from "../../api/pages";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { FilterBar } from "../../components/filter-bar";
import { MoreButton } from "../../components/more-button";
import { ProblemAlert } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { AcknowledgeDialogue } from "./acknowledge";
import { AlertCard, SeverityBadge } from "./alert-card";
import { MuteDialogue } from "./mute";
import { RuleSelect } from "./rule-select";
import { useAlertsState } from "./state";
import { texts } from "./texts";
import { useRuleWords, useUnitFormat } from "./words";

type AlertView = Schema<"AlertView">;

const EVERY_MS = 30_000;
const OPEN_MAX = 200;
const PAGE = 50;
const PATH = "/api/admin/alerts";
const READABLE = { title: { color: "var(--mantine-color-text)" } };

/** The part about alerts. */
export function AlertsPart({ rules }: { rules: Schema<"AlertRules"> }) {
  const [{ rule }, setState] = useAlertsState();
  const [toAcknowledge, setToAcknowledge] = useState<AlertView>();
  const [toMute, setToMute] = useState<string>();
  const about = rule ? { rule } : {};
  const firing = useRead(
    PATH,
    { state: "firing", limit: OPEN_MAX, ...about },
    { everyMs: EVERY_MS },
  );
  const known = useRead(
    PATH,
    { state: "acknowledged", limit: OPEN_MAX, ...about },
    { everyMs: EVERY_MS },
  );
  const t = useTexts(texts);
  const formats = useFormats();
  const mutedUntil = (name: string) => rules.rules.find((each) => each.rule === name)?.mutedUntil;
  const cards = (alerts: readonly AlertView[]) =>
    alerts.map((alert) => (
      <AlertCard
        key={alert.id}
        alert={alert}
        mutedUntil={mutedUntil(alert.rule)}
        onAcknowledge={setToAcknowledge}
        onMute={setToMute}
      />
    ));
  const isAnyMuted = rules.rules.some((each) => each.mutedUntil);
  return (
    <Stack gap="md">
      <FilterBar onReset={rule ? () => setState({ rule: "" }) : undefined}>
        <RuleSelect
          rules={rules.rules}
          value={rule}
          onChange={(name) => setState({ rule: name })}
          every={t.allRules}
        />
      </FilterBar>
      {isAnyMuted && (
        <Alert color="gray" icon={<IconBellOff aria-hidden />}>
          {t.calmMuted}
        </Alert>
      )}
      <Group gap={4}>
        <Title order={2} size="h4">
          {t.counted(t.firing, formats.count(firing.data?.counts.firing))}
        </Title>
        <Definition name={t.firing} text={t.alertsAbout} />
      </Group>
      <QueryView
        query={firing}
        height={120}
        isEmpty={({ alerts }) => alerts.length === 0}
        empty={
          <Alert
            color="green"
            icon={<IconCircleCheck aria-hidden />}
            title={t.calm}
            styles={READABLE}
          >
            {t.calmHint}
          </Alert>
        }
      >
        {({ alerts }) => cards(alerts)}
      </QueryView>
      {known.data && known.data.alerts.length > 0 && (
        <>
          <Group gap={4}>
            <Title order={2} size="h4">
              {t.counted(t.acknowledged, formats.count(known.data.counts.acknowledged))}
            </Title>
            <Definition name={t.acknowledged} text={t.alertsAbout} />
          </Group>
          {cards(known.data.alerts)}
        </>
      )}
      <History rule={rule} count={firing.data?.counts.resolved} />
      <AcknowledgeDialogue alert={toAcknowledge} onClose={() => setToAcknowledge(undefined)} />
      <MuteDialogue rule={toMute} onClose={() => setToMute(undefined)} />
    </Stack>
  );
}

function History({ rule, count }: { rule: string; count: number | undefined }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useHistoryColumns();
  const asked = { state: "resolved" as const, limit: PAGE, ...(rule ? { rule } : {}) };
  const pages = useReadPages(PATH, asked, ({ nextCursor: cursor }) =>
    cursor ? { cursor } : undefined,
  );
  const rows = useMemo(() => pages.data?.pages.flatMap(({ alerts }) => alerts) ?? [], [pages.data]);
  return (
    <Tile
      title={count === undefined ? t.history : t.counted(t.history, formats.count(count))}
      aside={<Definition name={t.history} text={t.alertsAbout} />}
    >
      {pages.error && <ProblemAlert problem={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.data && rows.length === 0 ? (
        t.noHistory
      ) : (
        <DataTable
          label={t.history}
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          maxHeight={520}
        />
      )}
      <Box mt="sm">
        <MoreButton query={pages} label={t.olderAlerts} />
      </Box>
    </Tile>
  );
}

function useHistoryColumns(): readonly Column<AlertView>[] {
  const t = useTexts(texts);
  const words = useRuleWords();
  const formats = useFormats();
  const write = useUnitFormat();
  return useMemo(
    () => [
      {
        id: "alert",
        header: t.alert,
        value: ({ rule, title, subject }) =>
          [words(rule, title).wrong, subject].filter(Boolean).join(": "),
      },
      {
        id: "severity",
        header: t.severity,
        value: ({ severity }) => severity,
        cell: ({ severity }) => <SeverityBadge severity={severity} />,
      },
      {
        id: "began",
        header: t.began,
        value: ({ startedAt }) => startedAt,
        instant: formats.dateTime,
      },
      {
        id: "ended",
        header: t.ended,
        value: ({ resolvedAt }) => resolvedAt,
        instant: formats.dateTime,
      },
      {
        id: "peak",
        header: t.peak,
        align: "right",
        value: ({ peak }) => peak,
        cell: ({ peak, unit }) => write(peak, unit),
      },
      {
        id: "allowed",
        header: t.allowed,
        align: "right",
        value: ({ threshold }) => threshold,
        cell: ({ threshold, unit }) => write(threshold, unit),
      },
      {
        id: "reopened",
        header: t.cameBack,
        value: ({ reopened }) => reopened,
        format: formats.count,
      },
      {
        id: "known",
        header: t.note,
        value: ({ note, acknowledgedBy }) => note ?? acknowledgedBy,
        cell: ({ note, acknowledgedBy }) =>
          [acknowledgedBy, note].filter(Boolean).join(": ") || "–",
      },
    ],
    [t, words, formats, write],
  );
}
