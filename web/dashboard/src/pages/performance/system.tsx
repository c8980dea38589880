// How fast the system answers: requests by time and endpoint, and what was slow.

import { Checkbox, SimpleGrid, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { resetOf } from "../../app/page-state";
import { Chart, type ChartTable } from "../../components/chart";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { FilterBar, SearchField } from "../../components/filter-bar";
import { bars, lines } from "../../components/lines";
import { Metric, RateMetric, Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { SlowOperations } from "./slow-operations";
import { endpointFields, usePerformanceState } from "./state";
import { texts } from "./texts";
import { useTimeLabels } from "./time-labels";

type Report = Schema<"SystemPerformance">;
type Endpoint = Schema<"EndpointLoad">;

const PERCENTILES = ["p50", "p75", "p95", "p99"] as const;

/** The part about the system. */
export function SystemPart({ report }: { report: Report }) {
  return (
    <>
      <Totals report={report} />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Latency report={report} />
        <Traffic report={report} />
      </SimpleGrid>
      <Endpoints report={report} />
      <SlowOperations report={report} />
    </>
  );
}

function Totals({ report: { total, meta } }: { report: Report }) {
  const t = useTexts(texts).system;
  const formats = useFormats();
  const detail = ({ perRequest, timeShare }: Schema<"OperationLoad">) =>
    t.operationsDetail(formats.decimal(perRequest), formats.share(timeShare, 0));
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 5 }}>
      <Metric name={t.requests} text={t.requestsText} meta={meta} value={formats.count(total.n)} />
      <RateMetric
        rate={total.errorRate}
        better="down"
        definition={{ name: t.errors, text: t.errorsText, meta }}
      />
      <Metric
        name={t.response}
        text={t.responseText}
        meta={meta}
        value={formats.latency(total.responseMs.p95)}
        detail={t.responseDetail(
          formats.latency(total.responseMs.p50),
          formats.latency(total.responseMs.p99),
        )}
      />
      <Metric
        name={t.database}
        text={t.databaseText}
        meta={meta}
        value={formats.latency(total.database.p95Ms)}
        detail={detail(total.database)}
      />
      <Metric
        name={t.redis}
        text={t.redisText}
        meta={meta}
        value={formats.latency(total.redis.p95Ms)}
        detail={detail(total.redis)}
      />
    </SimpleGrid>
  );
}

function Latency({ report: { byTime, meta } }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const labels = useTimeLabels(byTime);
  const option = useCallback(
    () =>
      lines({
        labels,
        format: formats.latency,
        partial: byTime.map(({ partial }) => partial),
        series: (["p50", "p95", "p99"] as const).map((name) => ({
          name,
          values: byTime.map(({ responseMs }) => responseMs[name]),
        })),
      }),
    [labels, byTime, formats],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.time },
        ...PERCENTILES.map((header) => ({ header, format: formats.latency })),
        { header: t.system.database, format: formats.latency },
        { header: t.system.redis, format: formats.latency },
      ],
      rows: byTime.map(({ responseMs, database, redis, partial }, at) => [
        partial ? `${labels[at]} (${t.system.incomplete})` : labels[at],
        ...PERCENTILES.map((name) => responseMs[name]),
        database.p95Ms,
        redis.p95Ms,
      ]),
    }),
    [labels, byTime, formats, t],
  );
  const title = t.system.latency;
  return (
    <Tile title={title} aside={<Definition name={title} text={t.system.latencyText} meta={meta} />}>
      <Chart label={title} option={option} table={table} height={240} />
    </Tile>
  );
}

function Traffic({ report: { byTime, meta } }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const labels = useTimeLabels(byTime);
  const option = useCallback(
    () =>
      bars({
        labels,
        format: formats.count,
        series: [
          { name: t.system.requests, values: byTime.map(({ n }) => n) },
          { name: t.system.failed, values: byTime.map(({ errorRate }) => errorRate.num) },
        ],
      }),
    [labels, byTime, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.time },
        { header: t.system.requests, format: formats.count },
        { header: t.system.failed, format: formats.count },
        { header: t.system.errors, format: formats.share },
      ],
      rows: byTime.map(({ n, errorRate }, at) => [labels[at], n, errorRate.num, errorRate.value]),
    }),
    [labels, byTime, formats, t],
  );
  const title = t.system.traffic;
  return (
    <Tile title={title} aside={<Definition name={title} text={t.system.trafficText} meta={meta} />}>
      <Chart label={title} option={option} table={table} height={240} />
    </Tile>
  );
}

function Endpoints({ report }: { report: Report }) {
  const t = useTexts(texts).system;
  const [state, setState] = usePerformanceState();
  const { endpoint: sought, jobs } = state;
  const columns = useEndpointColumns();
  const rows = useMemo(
    () =>
      report.endpoints
        .filter(({ job }) => jobs || !job)
        .filter(({ endpoint }) => endpoint.toLowerCase().includes(sought.toLowerCase())),
    [report, sought, jobs],
  );
  return (
    <Tile
      title={t.endpoints}
      aside={<Definition name={t.endpoints} text={t.endpointsText} meta={report.meta} />}
    >
      <Stack gap="sm">
        <FilterBar onReset={resetOf(endpointFields, state, setState)}>
          <SearchField
            label={t.search}
            placeholder={t.searchHint}
            value={sought}
            onChange={(endpoint) => setState({ endpoint })}
          />
          <Checkbox
            label={t.jobs}
            checked={jobs === true}
            mb={8}
            onChange={(event) => setState({ jobs: event.currentTarget.checked || undefined })}
          />
        </FilterBar>
        <DataTable
          label={t.endpoints}
          columns={columns}
          rows={rows}
          rowKey={({ endpoint }) => endpoint}
          maxHeight={520}
        />
      </Stack>
    </Tile>
  );
}

function useEndpointColumns(): readonly Column<Endpoint>[] {
  const t = useTexts(texts).system;
  const formats = useFormats();
  return useMemo(() => {
    const operations = (kind: "database" | "redis", header: string): Column<Endpoint> => ({
      id: kind,
      header,
      align: "right",
      value: (row) => row[kind].timeShare,
      cell: (row) => (
        <>
          {formats.share(row[kind].timeShare, 0)} · {formats.latency(row[kind].p95Ms)}
          <Text size="xs" c="dimmed">
            {formats.decimal(row[kind].perRequest)} {t.per}
          </Text>
        </>
      ),
    });
    return [
      {
        id: "endpoint",
        header: t.endpoint,
        value: ({ endpoint }) => endpoint,
        cell: ({ endpoint, job }) => (
          <Text span size="sm" ff="monospace" style={{ whiteSpace: "nowrap" }}>
            {endpoint}
            {job && ` (${t.job})`}
          </Text>
        ),
      },
      { id: "n", header: t.requests, value: ({ n }) => n, format: formats.count },
      {
        id: "errors",
        header: t.errors,
        align: "right",
        value: ({ errorRate }) => errorRate.value,
        cell: ({ errorRate }) => (
          <>
            {formats.share(errorRate.value)}
            <Text size="xs" c="dimmed">
              {formats.count(errorRate.num)}
            </Text>
          </>
        ),
      },
      ...PERCENTILES.map(
        (name): Column<Endpoint> => ({
          id: name,
          header: name,
          value: ({ responseMs }) => responseMs[name],
          format: formats.latency,
        }),
      ),
      operations("database", t.databaseShort),
      operations("redis", t.redisShort),
    ];
  }, [t, formats]);
}
