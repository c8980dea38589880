// The columns of the table of jobs.

import { Badge, Button, Code, Group, Stack, Text, Tooltip, UnstyledButton } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconCheck, IconLoader, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import type { Column } from "../../components/data-table";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import type { RunByHand } from "./use-run-job";

type Job = Schema<"JobView">;
type Run = Schema<"RunView">;

/** Name, schedule, due, last good run, last runs, and a button where one may run it. */
export function useColumns(run: RunByHand, onOpen: (job: string) => void): readonly Column<Job>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  const mayRun = useMay("jobs:run");
  const { start, job: current, running } = run;
  return useMemo(() => {
    const columns: Column<Job>[] = [
      {
        id: "job",
        header: t.job,
        value: ({ name }) => name,
        cell: (job) => <Name job={job} />,
      },
      {
        id: "schedule",
        header: t.schedule,
        sortable: false,
        value: ({ schedule }) => schedule,
        cell: ({ schedule }) => <Code>{schedule}</Code>,
      },
      {
        id: "due",
        header: t.due,
        value: ({ nextDueAt }) => nextDueAt,
        cell: ({ nextDueAt, overdueSince, missedRuns }) => (
          <Stack gap={2} align="flex-start">
            <Text size="sm">{formats.dateTime(nextDueAt)}</Text>
            {overdueSince && (
              <Badge color="red.9" size="sm" tt="none">
                {t.lateSince(formats.dateTime(overdueSince))}
              </Badge>
            )}
            {missedRuns > 0 && <Text size="xs">{t.missed(formats.count(missedRuns))}</Text>}
          </Stack>
        ),
      },
      {
        id: "lastGood",
        header: t.lastGood,
        value: ({ lastSucceededAt }) => lastSucceededAt,
        cell: ({ lastSucceededAt }) =>
          lastSucceededAt ? formats.dateTime(lastSucceededAt) : t.never,
      },
      {
        id: "runs",
        header: t.lastRuns,
        sortable: false,
        value: ({ runs }) => runs.map(({ outcome }) => outcome).join(" "),
        cell: (job) => <LastRuns job={job} onOpen={() => onOpen(job.name)} />,
      },
    ];
    if (!mayRun) return columns;
    const action: Column<Job> = {
      id: "run",
      header: t.run,
      sortable: false,
      value: () => null,
      cell: ({ name }) => (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          aria-label={t.runJob(name)}
          loading={running && current === name}
          disabled={running && current !== name}
          onClick={() => start(name)}
        >
          {t.run}
        </Button>
      ),
    };
    return [...columns, action];
  }, [t, formats, mayRun, start, current, running, onOpen]);
}

function Name({ job }: { job: Job }) {
  const t = useTexts(texts);
  const summaries: Readonly<Record<string, string>> = t.summaries;
  return (
    <>
      <Text size="sm" fw={600}>
        {job.name}
      </Text>
      <Text size="xs" c="dimmed" maw={320}>
        {summaries[job.name] ?? job.summary}
      </Text>
    </>
  );
}

/** A sign for each run, the latest first; opens the list of them. */
function LastRuns({ job, onOpen }: { job: Job; onOpen: () => void }) {
  const t = useTexts(texts);
  if (job.runs.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        {t.noRuns}
      </Text>
    );
  }
  return (
    <Tooltip label={t.details}>
      <UnstyledButton onClick={onOpen} aria-label={t.detailsOf(job.name)} mih={24}>
        <Group gap={2} wrap="nowrap">
          {job.runs.map((run) => (
            <OutcomeSign key={run.id} outcome={run.outcome} />
          ))}
        </Group>
      </UnstyledButton>
    </Tooltip>
  );
}

/** A sign that tells outcomes apart by shape, not by colour alone. */
export function OutcomeSign({ outcome }: { outcome: Run["outcome"] }) {
  if (outcome === "succeeded") {
    return <IconCheck size={16} color="var(--nest-up)" aria-hidden />;
  }
  if (outcome === "failed") return <IconX size={16} color="var(--nest-down)" aria-hidden />;
  return <IconLoader size={16} aria-hidden />;
}
