// Jobs: which there are, which are late, what became of their last runs, and running them by hand.

import { Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { useRead } from "../../api/hooks";
import { usePageState } from "../../app/navigation";
import { optionalChoice, resetOf, type StateOf, text } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { StateFilterBar } from "../../components/filter-bar";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { useColumns } from "./columns";
import { RunsDialogue } from "./runs";
import { texts } from "./texts";
import { RunMessage, useRunJob } from "./use-run-job";

type Job = Schema<"JobView">;

const RUNS = 10;
const EVERY_MS = 15_000;
const RUNNING_EVERY_MS = 2_000;
const STATES = ["late", "failed", "fine"] as const;

type JobState = (typeof STATES)[number];

const filters = { search: text(), state: optionalChoice(STATES) };

/** `job` is the one whose runs show. */
const fields = { ...filters, job: text() };

/** The page. */
export default function JobsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [state, setState] = usePageState(fields);
  const [watched, setWatched] = useState<string>();
  const jobs = useRead(
    "/api/admin/jobs",
    { runs: RUNS },
    { everyMs: watched ? RUNNING_EVERY_MS : EVERY_MS },
  );
  const run = useRunJob(setWatched);
  const openRuns = useCallback((job: string) => setState({ job }), [setState]);
  const columns = useColumns(run, openRuns);
  const rows = useMemo(
    () => jobs.data?.jobs.filter((job) => matches(job, state)) ?? [],
    [jobs.data, state],
  );
  const open = jobs.data?.jobs.find(({ name }) => name === state.job);
  return (
    <Page
      title={pages.jobs}
      description={t.description}
      actions={<Definition name={pages.jobs} text={t.about} />}
    >
      <QueryView query={jobs} height={480}>
        {(data) => <Health list={data} />}
      </QueryView>
      <RunMessage run={run} />
      <StateFilterBar
        state={state}
        onChange={setState}
        onReset={resetOf(filters, state, setState)}
        words={STATES}
        texts={t}
      />
      {jobs.data &&
        (rows.length > 0 ? (
          <DataTable label={pages.jobs} columns={columns} rows={rows} rowKey={({ name }) => name} />
        ) : (
          <Empty title={t.none}>{t.noneHint}</Empty>
        ))}
      {open && <RunsDialogue job={open} onClose={() => setState({ job: "" })} />}
    </Page>
  );
}

/** Whether anything is late, in a sentence. */
function Health({ list }: { list: Schema<"JobList"> }) {
  const t = useTexts(texts);
  const plans: Readonly<Record<string, string>> = t.plans;
  const late = list.jobs.filter((job) => stateOf(job) === "late");
  const isFine = late.length === 0;
  return (
    <Notice
      tone={isFine ? "good" : "bad"}
      title={isFine ? t.allFine : t.someLate(late.length)}
      icon={isFine ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
    >
      {!isFine && (
        <Text size="sm">
          {late.map(({ name }) => name).join(", ")}. {t.lateHint}
        </Text>
      )}
      <Text size="sm">{plans[list.cronPlan] ?? list.cronPlan}</Text>
    </Notice>
  );
}

function stateOf(job: Job): JobState {
  if (job.overdueSince) return "late";
  return job.runs[0]?.outcome === "failed" ? "failed" : "fine";
}

function matches(job: Job, { search, state }: StateOf<typeof filters>): boolean {
  const wanted = search.trim().toLowerCase();
  return (
    `${job.name} ${job.summary}`.toLowerCase().includes(wanted) &&
    (state === undefined || stateOf(job) === state)
  );
}
