// Retention: who comes back when, and how long visitors take to ask and to order.

import { ActionIcon, Group, Select, SimpleGrid, Tooltip } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { Definition } from "../../components/definition";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { EmptyRange, QueryView } from "../../components/query-view";
import { RateMetric, Tile } from "../../components/tile";
import { useDownload } from "../../components/use-download";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { CohortGrid } from "./cohort-grid";
import { Curves } from "./curves";
import { questionOf, RetentionFilters, useRetentionState } from "./filters";
import { shownCohorts } from "./report";
import { ReturnCurve } from "./return-curve";
import { texts } from "./texts";

const HEADLINES = 3;

/** The page. */
export default function RetentionPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state] = useRetentionState();
  const asked = questionOf(state);
  const report = useRead("/api/admin/analytics/retention", {
    ...comparedQuery(view),
    ...asked,
    curves: true,
  });
  return (
    <Page
      title={pages.retention}
      description={t.description}
      meta={report.data?.meta}
      actions={<ExportMenu report="retention" query={{ ...rangeQuery(view), ...asked }} />}
    >
      <RetentionFilters />
      <QueryView
        query={report}
        height={520}
        isEmpty={({ cohorts }) => cohorts.every(({ size }) => size === 0)}
        empty={
          <EmptyRange title={t.none} longer={t.longer}>
            {t.noneHint}
          </EmptyRange>
        }
      >
        {(data) => <Report report={data} />}
      </QueryView>
    </Page>
  );
}

function Report({ report }: { report: Schema<"Retention"> }) {
  const [{ segment }] = useRetentionState();
  const chosen = report.segments.find(({ value }) => value === segment);
  const table = useMemo(() => shownCohorts(chosen ?? report), [chosen, report]);
  const period = usePeriodNames(report);
  const segmentName = useSegmentNames();
  const comparison = chosen ? undefined : report.comparison;
  return (
    <>
      <Headlines report={report} table={table} comparison={comparison} period={period} />
      <Cohorts report={report} table={table} period={period} segmentName={segmentName} />
      <ReturnCurve table={table} report={report} comparison={comparison} period={period} />
      <Curves curves={report.curves} meta={report.meta} segmentName={segmentName} />
    </>
  );
}

function Headlines(props: {
  report: Schema<"Retention">;
  table: Schema<"CohortTable">;
  comparison: Schema<"Retention">["comparison"];
  period: (offset: number) => string;
}) {
  const t = useTexts(texts);
  const { report, table, comparison, period } = props;
  const { meta } = report;
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        {table.mean.slice(1, 1 + HEADLINES).map(({ offset, pooled }) => {
          const before = comparison?.mean.find((mean) => mean.offset === offset)?.pooled;
          return (
            <RateMetric
              key={offset}
              rate={pooled}
              change={before?.change}
              before={before?.before}
              definition={{ name: t.returned(period(offset)), text: t.returnedText, meta }}
            />
          );
        })}
        <RateMetric
          rate={report.consentCoverage}
          definition={{ name: t.consent, text: t.consentText, meta }}
        />
      </SimpleGrid>
    </section>
  );
}

function Cohorts(props: {
  report: Schema<"Retention">;
  table: Schema<"CohortTable">;
  period: (offset: number) => string;
  segmentName: (value: string) => string;
}) {
  const t = useTexts(texts);
  const { report, table, period } = props;
  return (
    <Tile
      title={t.grid}
      aside={
        <Group gap={4} wrap="nowrap">
          <CsvButton table={table} period={period} />
          <Definition name={t.grid} text={t.gridText} meta={report.meta} />
        </Group>
      }
    >
      {report.segments.length > 0 && <SegmentSelect {...props} />}
      <CohortGrid table={table} period={period} />
    </Tile>
  );
}

function SegmentSelect(props: {
  report: Schema<"Retention">;
  segmentName: (value: string) => string;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const [{ segment }, setState] = useRetentionState();
  const { report, segmentName } = props;
  return (
    <Select
      label={t.segment}
      mb="sm"
      maw={320}
      allowDeselect={false}
      value={segment}
      onChange={(value) => setState({ segment: value ?? "" })}
      data={[
        { value: "", label: t.everybody },
        ...report.segments.map(({ value, visitors }) => ({
          value,
          label: `${segmentName(value)} (${formats.count(visitors)})`,
        })),
      ]}
    />
  );
}

function CsvButton({
  table,
  period,
}: {
  table: Schema<"CohortTable">;
  period: (offset: number) => string;
}) {
  const t = useTexts(texts);
  const { saveCsv } = useDownload();
  const save = () => {
    const rows = table.cohorts.flatMap(({ label, size, cells }) =>
      cells.map(({ offset, retained }) => [
        label,
        size,
        period(offset),
        retained?.num,
        retained?.value,
        retained?.ciLow,
        retained?.ciHigh,
      ]),
    );
    const head = [t.cohort, t.visitors, t.period, t.count, t.share, t.low, t.high];
    void saveCsv(t.grid, head, rows);
  };
  return (
    <Tooltip label={t.csv}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t.csv} onClick={save}>
        <IconFileTypeCsv size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** Names periods: days where they are counted from each visitor's own start. */
function usePeriodNames({ counting, interval }: Schema<"Retention">): (offset: number) => string {
  const names = useTexts(texts).periodNames;
  const unit = counting === "24h" ? "day" : interval;
  return useCallback(
    (offset: number) => {
      const name = unit === "month" ? names.month : unit === "day" ? names.day : names.week;
      return `${name} ${offset}`;
    },
    [names, unit],
  );
}

function useSegmentNames(): (value: string) => string {
  const t = useTexts(texts);
  const { notSet, device } = useTexts(common);
  const [{ breakdown }] = useRetentionState();
  return useCallback(
    (value: string) => {
      if (breakdown === "none") return t.everybody;
      if (value === "(not set)") return notSet;
      const devices: Readonly<Record<string, string>> = device;
      return devices[value] ?? value;
    },
    [breakdown, t, notSet, device],
  );
}
