// Live: who is here, who is configuring, and how their price and configuration change.

import { Alert, Button, Group, Select, SimpleGrid, Switch, Text, Title } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import { IconClockExclamation } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useGoTo, usePageState } from "../../app/navigation";
import { choice, type StateOf } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { Definition } from "../../components/definition";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { Metric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { LiveCard } from "./live-card";
import { Presence } from "./presence";
import { texts } from "./texts";
import { useNow } from "./use-now";
import { noteReading, type Watch } from "./watch";

type RealTime = Schema<"RealTime">;

const EVERY_MS = 15_000;
const CARDS = 12;
const LATENCY_MS_MAX = 10_000;
const SORTS = ["activity", "price"] as const;
const UPDATES = ["on", "off"] as const;

const fields = {
  sort: choice(SORTS, "activity"),
  /** Whether the page is read anew by itself. */
  updates: choice(UPDATES, "on"),
};

type LiveState = StateOf<typeof fields>;

/** The page. */
export default function LivePage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [state, setState] = usePageState(fields);
  const live = useRead(
    "/api/admin/analytics/real-time",
    {},
    state.updates === "on" ? { everyMs: EVERY_MS } : {},
  );
  return (
    <Page
      title={pages.live}
      description={t.description}
      meta={live.data?.meta}
      actions={<Updates state={state} onChange={setState} live={live} />}
    >
      <QueryView query={live} height={420}>
        {(numbers) => (
          <>
            <StaleAlert live={live} />
            <Numbers live={numbers} />
            <Configuring live={numbers} sort={state.sort} onSort={(sort) => setState({ sort })} />
            <Presence live={numbers} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Updates(props: {
  state: LiveState;
  onChange: (change: Partial<LiveState>) => void;
  live: UseQueryResult<RealTime, Problem>;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const now = useNow();
  const isOn = props.state.updates === "on";
  const read = props.live.dataUpdatedAt;
  return (
    <Switch
      checked={isOn}
      label={isOn ? t.every(formats.count(EVERY_MS / 1000)) : t.paused}
      {...(read > 0 ? { description: t.read(formats.ago(new Date(read).toISOString(), now)) } : {})}
      onChange={(event) => props.onChange({ updates: event.currentTarget.checked ? "on" : "off" })}
    />
  );
}

/** Says so where the numbers are old: by the server's word, or since it has not answered for so long. */
function StaleAlert({ live }: { live: UseQueryResult<RealTime, Problem> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const now = useNow();
  const { data, dataUpdatedAt } = live;
  if (!data) return null;
  const isOld = now - dataUpdatedAt > data.staleAfterS * 1000;
  if (!data.stale && !isOld) return null;
  return (
    <Alert color="yellow" title={t.stale} icon={<IconClockExclamation aria-hidden />} role="status">
      {t.staleText(formats.count(data.staleAfterS))}
    </Alert>
  );
}

function Numbers({ live }: { live: RealTime }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { meta, activeNow, configuring, ingestLagP95, queueDepth, oldestUnprocessedAt } = live;
  const isLong = (ingestLagP95 ?? 0) >= LATENCY_MS_MAX;
  const lag = isLong ? formats.duration(ingestLagP95) : formats.latency(ingestLagP95);
  const oldest = formats.ago(oldestUnprocessedAt, Date.parse(live.asOf));
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 2, lg: 4 }}>
        <Metric name={t.active} text={t.activeText} meta={meta} value={formats.count(activeNow)} />
        <Metric
          name={t.configuring}
          text={t.configuringText}
          meta={meta}
          value={formats.count(configuring.length)}
        />
        <Metric name={t.lag} text={t.lagText} meta={meta} value={lag} />
        <Metric
          name={t.queue}
          text={t.queueText}
          meta={meta}
          value={formats.count(queueDepth)}
          detail={oldestUnprocessedAt ? t.oldest(oldest) : t.empty}
        />
      </SimpleGrid>
    </section>
  );
}

function Configuring(props: {
  live: RealTime;
  sort: LiveState["sort"];
  onSort: (sort: LiveState["sort"]) => void;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const now = useNow();
  const { live, sort, onSort } = props;
  const watch = useWatch(live);
  const [isAll, setAll] = useState(false);
  const sessions = sort === "price" ? byPrice(live.configuring) : live.configuring;
  const shown = isAll ? sessions : sessions.slice(0, CARDS);
  if (sessions.length === 0) return <Nobody />;
  return (
    <section aria-label={t.who}>
      <Group justify="space-between" align="flex-end" mb="sm">
        <div>
          <Group gap={4}>
            <Title order={2} size="h4">
              {t.who}
            </Title>
            <Definition name={t.price} text={t.priceText} meta={live.meta} />
          </Group>
          <Text size="sm" c="dimmed" role="status">
            {t.count(formats.count(sessions.length))}
          </Text>
        </div>
        <Select
          label={t.sort}
          w={230}
          allowDeselect={false}
          data={SORTS.map((value) => ({ value, label: t.sorts[value] }))}
          value={sort}
          onChange={(value) => value && onSort(value)}
        />
      </Group>
      <SimpleGrid
        component="ul"
        cols={{ base: 1, sm: 2, xl: 3 }}
        p={0}
        m={0}
        style={{ listStyle: "none" }}
      >
        {shown.map((session) => (
          <LiveCard
            key={session.sessionId}
            session={session}
            readings={watch.get(session.sessionId) ?? []}
            now={now}
          />
        ))}
      </SimpleGrid>
      {shown.length < sessions.length && (
        <Group justify="center" mt="md">
          <Button variant="default" onClick={() => setAll(true)}>
            {t.showAll(formats.count(sessions.length))}
          </Button>
        </Group>
      )}
    </section>
  );
}

/** Nobody is configuring: what will show, and where those are who were here before. */
function Nobody() {
  const t = useTexts(texts);
  const goTo = useGoTo();
  return (
    <Empty
      title={t.nobody}
      action={{ label: t.toSessions, onClick: () => goTo({ to: "/sessions" }) }}
    >
      {t.nobodyHint}
    </Empty>
  );
}

/** Remembers the prices from reading to reading. */
function useWatch(live: RealTime): Watch {
  const [seen, setSeen] = useState<{ live: RealTime; watch: Watch }>(() => ({
    live,
    watch: noteReading(new Map(), live),
  }));
  if (seen.live !== live) setSeen({ live, watch: noteReading(seen.watch, live) });
  return seen.watch;
}

function byPrice(sessions: RealTime["configuring"]): RealTime["configuring"] {
  return [...sessions].sort((one, other) => (other.priceCents ?? -1) - (one.priceCents ?? -1));
}
