// Running a job by hand: its progress, what it did, why it failed.

import { Code, Group, Loader, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { fieldsOf, type Problem, type Schema } from "@nest-haus/api";
import { useCallback, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { Notice } from "../../components/notice";
import { ProblemAlert } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** A run by hand: the last one, or the one under way. */
export interface RunByHand {
  start: (job: string) => void;
  /** The job that runs, or ran last. */
  job: string | undefined;
  running: boolean;
  report: Schema<"JobReport_FreeObject"> | undefined;
  problem: Problem | null;
}

/** Runs jobs. `onWatch` is told which one runs, and when none does any more. */
export function useRunJob(onWatch: (job: string | undefined) => void): RunByHand {
  const [job, setJob] = useState<string>();
  const run = useChange(
    async (name: string) => {
      const { data } = await api.POST("/api/admin/jobs/{name}/run", { params: { path: { name } } });
      return data;
    },
    ["/api/admin/jobs"],
  );
  const { mutate } = run;
  const t = useTexts(texts);
  const formats = useFormats();
  const start = useCallback(
    (name: string) => {
      setJob(name);
      onWatch(name);
      mutate(name, {
        onSuccess: (report) => {
          const message = t.done(name, formats.latency(report?.durationMs));
          notifications.show({ color: "green", message });
        },
        onError: () => notifications.show({ color: "red", message: t.failed(name) }),
        onSettled: () => onWatch(undefined),
      });
    },
    [mutate, onWatch, t, formats],
  );
  return { start, job, running: run.isPending, report: run.data, problem: run.error };
}

/** Says how the run by hand goes, or went. */
export function RunMessage({ run }: { run: RunByHand }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { job, running, report, problem } = run;
  if (job === undefined) return null;
  if (running) {
    return (
      <Group gap="xs" role="status">
        <Loader size="sm" aria-hidden />
        <Text size="sm">{t.running(job)}</Text>
      </Group>
    );
  }
  if (problem?.status === 409) {
    return (
      <Notice tone="warning" role="alert">
        {t.alreadyRunning(job)}
      </Notice>
    );
  }
  if (problem) return <ProblemAlert problem={problem} onRetry={() => run.start(job)} />;
  if (!report) return null;
  const did = fieldsOf(report.report);
  return (
    <Notice tone="good" title={t.done(job, formats.latency(report.durationMs))}>
      {did.complete === false && <Text size="sm">{t.left}</Text>}
      <Report report={report.report} />
    </Notice>
  );
}

/** What a run did, as the job says it. */
export function Report({ report }: { report: unknown }) {
  const facts = Object.entries(fieldsOf(report));
  return facts.map(([name, value]) => (
    <Text key={name} size="xs" style={{ overflowWrap: "anywhere" }}>
      {name}: <Code>{typeof value === "string" ? value : JSON.stringify(value)}</Code>
    </Text>
  ));
}
