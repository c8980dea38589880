// The last runs of a job: when, how long, by whom, what they did or why they failed.

import { Group, Modal, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { useTexts } from "../../i18n/texts";
import { OutcomeSign } from "./columns";
import { texts } from "./texts";
import { Report } from "./use-run-job";

type Run = Schema<"RunView">;

/** A dialogue with a table. */
export function RunsDialogue({ job, onClose }: { job: Schema<"JobView">; onClose: () => void }) {
  const t = useTexts(texts);
  const columns = useColumns();
  return (
    <Modal opened onClose={onClose} title={t.detailsOf(job.name)} size="xl">
      <DataTable
        label={t.detailsOf(job.name)}
        columns={columns}
        rows={job.runs}
        rowKey={({ id }) => id}
      />
    </Modal>
  );
}

function useColumns(): readonly Column<Run>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const outcomes: Readonly<Record<string, string>> = t.outcomes;
    const triggers: Readonly<Record<string, string>> = t.triggers;
    return [
      {
        id: "started",
        header: t.started,
        value: ({ startedAt }) => startedAt,
        cell: ({ startedAt, scheduledAt }) => (
          <span title={formats.dateTimeExact(scheduledAt)}>{formats.dateTime(startedAt)}</span>
        ),
      },
      {
        id: "outcome",
        header: t.outcome,
        value: ({ outcome }) => outcome,
        cell: ({ outcome }) => (
          <Group gap={4} wrap="nowrap">
            <OutcomeSign outcome={outcome} />
            {outcomes[outcome] ?? outcome}
          </Group>
        ),
      },
      {
        id: "duration",
        header: t.duration,
        align: "right",
        value: durationOf,
        cell: (run) => formats.latency(durationOf(run)),
      },
      {
        id: "trigger",
        header: t.trigger,
        value: ({ trigger }) => trigger,
        cell: ({ trigger, startedBy }) => startedBy ?? triggers[trigger] ?? trigger,
      },
      {
        id: "report",
        header: t.report,
        sortable: false,
        value: ({ error }) => error,
        cell: ({ error, report }) =>
          error ? (
            <Text size="xs" c="var(--mantine-color-error)" maw={360}>
              {error}
            </Text>
          ) : (
            <Report report={report} />
          ),
      },
    ];
  }, [t, formats]);
}

function durationOf({ startedAt, finishedAt }: Run): number | undefined {
  return finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined;
}
