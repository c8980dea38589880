// How everything is that the system depends on, asked every half minute.

import { Alert, Badge, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { type ReactNode, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { oneOf } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const EVERY_MS = 30_000;
const SIGNS = { ok: IconCircleCheck, degraded: IconAlertTriangle, down: IconCircleX };
const COLORS = { ok: "green", degraded: "yellow", down: "red" };
const RANGES = ["24h", "7d", "30d"] as const;
const MS_A_SECOND = 1000;
const READABLE = { title: { color: "var(--mantine-color-text)" } };

/** The part about health. */
export function HealthPart() {
  const health = useRead("/api/admin/health", {}, { everyMs: EVERY_MS });
  return <QueryView query={health}>{(data) => <Health health={data} />}</QueryView>;
}

function Health({ health }: { health: Schema<"SystemHealth"> }) {
  const t = useTexts(texts).health;
  const formats = useFormats();
  const { status } = health;
  const Sign = SIGNS[status];
  return (
    <>
      <Alert
        color={COLORS[status]}
        icon={<Sign aria-hidden />}
        title={`${t.statuses[status]} · ${t.asOf(formats.time(health.asOf))}`}
        styles={READABLE}
      >
        {t.running(health.release, formats.dateTime(health.processStartedAt))}
      </Alert>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Dependencies health={health} />
        <Part
          title={t.queues}
          text={t.queuesText}
          about={t.queuesAbout}
          health={health}
          rows={health.queues}
        >
          {(queues) => <Queues queues={queues} />}
        </Part>
        <Part
          title={t.uptime}
          text={t.uptimeText}
          about={t.uptimeAbout}
          health={health}
          rows={health.uptime}
        >
          {(uptime) => <UptimeTable uptime={uptime} />}
        </Part>
        <Part
          title={t.jobs}
          text={t.jobsText}
          about={t.jobsAbout}
          health={health}
          rows={health.jobs}
        >
          {(jobs) => <Jobs jobs={jobs} asOf={health.asOf} />}
        </Part>
      </SimpleGrid>
    </>
  );
}

/** A tile with a table; says so where it cannot be asked. */
function Part<Row>(props: {
  title: string;
  text: string;
  /** What its numbers are, on demand. */
  about: string;
  health: Schema<"SystemHealth">;
  rows: readonly Row[] | null | undefined;
  children: (rows: readonly Row[]) => ReactNode;
}) {
  const t = useTexts(texts).health;
  return (
    <Tile
      title={props.title}
      aside={<Definition name={props.title} text={props.about} asOf={props.health.asOf} />}
    >
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {props.text}
        </Text>
        {props.rows ? props.children(props.rows) : <Text>{t.notKnown}</Text>}
      </Stack>
    </Tile>
  );
}

function Dependencies({ health }: { health: Schema<"SystemHealth"> }) {
  const t = useTexts(texts).health;
  const formats = useFormats();
  const { migrations } = health;
  const missing = migrations?.missing ?? 0;
  const columns = useMemo<readonly Column<Schema<"Dependency">>[]>(
    () => [
      {
        id: "name",
        header: t.dependency,
        value: ({ name }) => {
          const names: Readonly<Record<string, string>> = t.names;
          return names[name] ?? name;
        },
      },
      {
        id: "status",
        header: t.state,
        value: ({ status }) => status,
        cell: ({ status }) => <Status status={status} />,
      },
      {
        id: "latency",
        header: t.latency,
        value: ({ latencyMs }) => latencyMs,
        format: formats.latency,
      },
      {
        id: "detail",
        header: t.detail,
        value: ({ detail }) => detail,
        cell: ({ detail }) => <span lang="en">{detail}</span>,
      },
    ],
    [t, formats],
  );
  return (
    <Part
      title={t.dependencies}
      text={t.dependenciesText}
      about={t.dependenciesAbout}
      health={health}
      rows={health.dependencies}
    >
      {(rows) => (
        <>
          <DataTable
            label={t.dependencies}
            columns={columns}
            rows={rows}
            rowKey={({ name }) => name}
          />
          {migrations && (
            <Text size="sm">
              {t.migrations}:{" "}
              {t.migrationsDetail(
                formats.count(migrations.applied),
                formats.count(migrations.known),
              )}
              {missing > 0 && `; ${t.missing(formats.count(missing))}`}
            </Text>
          )}
        </>
      )}
    </Part>
  );
}

function Status({ status }: { status: Schema<"Condition"> }) {
  const t = useTexts(texts).health;
  const Sign = SIGNS[status];
  return (
    <Badge
      variant="outline"
      color="gray"
      c="var(--mantine-color-text)"
      tt="none"
      miw="max-content"
      leftSection={<Sign size={14} aria-hidden />}
    >
      {t.states[status]}
    </Badge>
  );
}

function Queues({ queues }: { queues: readonly Schema<"QueueHealth">[] }) {
  const t = useTexts(texts).health;
  const formats = useFormats();
  const columns = useMemo<readonly Column<Schema<"QueueHealth">>[]>(
    () => [
      {
        id: "queue",
        header: t.queue,
        value: ({ queue }) => {
          const names: Readonly<Record<string, string>> = t.queueNames;
          return names[queue] ?? queue;
        },
      },
      { id: "entries", header: t.entries, value: ({ entries }) => entries, format: formats.count },
      { id: "bytes", header: t.bytes, value: ({ bytes }) => bytes, format: formats.bytes },
      {
        id: "fill",
        header: t.fill,
        align: "right",
        value: ({ shareOfLimit }) => shareOfLimit,
        cell: ({ queue, shareOfLimit }) => (
          <>
            {formats.share(shareOfLimit)}
            <Progress
              value={shareOfLimit * 100}
              aria-label={`${t.fill}: ${queue}`}
              mt={2}
              miw={60}
            />
          </>
        ),
      },
      {
        id: "oldest",
        header: t.oldest,
        align: "right",
        value: ({ oldestAgeS }) => oldestAgeS,
        cell: ({ oldestAgeS }) => formats.duration(oldestAgeS * MS_A_SECOND),
      },
    ],
    [t, formats],
  );
  return (
    <DataTable label={t.queues} columns={columns} rows={queues} rowKey={({ queue }) => queue} />
  );
}

function UptimeTable({ uptime }: { uptime: readonly Schema<"Uptime">[] }) {
  const t = useTexts(texts).health;
  const { meta } = useTexts(common);
  const formats = useFormats();
  const columns = useMemo<readonly Column<Schema<"Uptime">>[]>(
    () => [
      {
        id: "range",
        header: t.range,
        sortable: false,
        value: ({ range }) => {
          const known = oneOf(RANGES, range);
          return known ? t.ranges[known] : range;
        },
      },
      {
        id: "up",
        header: t.up,
        align: "right",
        sortable: false,
        value: ({ up }) => up.value,
        cell: ({ up }) => (
          <>
            {formats.share(up.value, 2)}
            <Text size="xs" c="dimmed">
              {formats.interval(up.ciLow, up.ciHigh)}
            </Text>
          </>
        ),
      },
      {
        id: "slots",
        header: t.slots,
        align: "right",
        sortable: false,
        value: ({ up }) => up.num,
        cell: ({ up }) => meta.of(formats.count(up.num), formats.count(up.den)),
      },
      {
        id: "quiet",
        header: t.quiet,
        sortable: false,
        value: ({ slotsWithoutRequests }) => slotsWithoutRequests,
        format: formats.count,
      },
    ],
    [t, meta, formats],
  );
  return (
    <DataTable label={t.uptime} columns={columns} rows={uptime} rowKey={({ range }) => range} />
  );
}

function Jobs({ jobs, asOf }: { jobs: readonly Schema<"JobHealth">[]; asOf: string }) {
  const t = useTexts(texts).health;
  const formats = useFormats();
  const columns = useMemo<readonly Column<Schema<"JobHealth">>[]>(
    () => [
      { id: "job", header: t.job, value: ({ job }) => job },
      {
        id: "last",
        header: t.lastSuccess,
        value: ({ lastSucceededAt }) => lastSucceededAt,
        cell: ({ lastSucceededAt }) =>
          `${formats.dateTime(lastSucceededAt)} (${formats.ago(lastSucceededAt, Date.parse(asOf))})`,
      },
    ],
    [t, formats, asOf],
  );
  return <DataTable label={t.jobs} columns={columns} rows={jobs} rowKey={({ job }) => job} />;
}
