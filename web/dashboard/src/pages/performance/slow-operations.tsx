// What was slow: statements and Redis operations, with the request that was slow last.

import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo, useState } from "react";
import { useFormats } from "../../app/navigation";
import { oneOf } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Slow = Schema<"SlowOperations">;

const KINDS = ["database_query_time", "redis_operation_time"] as const;

/** The list, and the details of one on demand. */
export function SlowOperations({ report }: { report: Schema<"SystemPerformance"> }) {
  const t = useTexts(texts).system;
  const [opened, setOpened] = useState<Slow>();
  const columns = useColumns(setOpened);
  return (
    <Tile title={t.slow} aside={<Definition name={t.slow} text={t.slowText} meta={report.meta} />}>
      {report.slowOperations.length === 0 ? (
        <Text c="dimmed">{t.noSlow}</Text>
      ) : (
        <DataTable
          label={t.slow}
          columns={columns}
          rows={report.slowOperations}
          rowKey={({ metric, name, statement }) => `${metric} ${statement ?? name}`}
          maxHeight={420}
        />
      )}
      <Modal
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        title={t.details}
        size="lg"
      >
        {opened && <Details slow={opened} />}
      </Modal>
    </Tile>
  );
}

function Details({ slow }: { slow: Slow }) {
  const t = useTexts(texts).system;
  const { copy, copied } = useTexts(common);
  const formats = useFormats();
  return (
    <Stack gap="sm">
      <Text size="sm" fw={600}>
        {t.statement}
      </Text>
      <Code block tabIndex={0} style={{ whiteSpace: "pre-wrap" }}>
        {slow.statement ?? slow.name}
      </Code>
      <Text size="sm">
        {t.last}: {formats.dateTimeExact(slow.lastAt)}, <Code>{slow.lastEndpoint}</Code>
      </Text>
      <Group gap="xs">
        <Text size="sm">
          {t.request}: <Code>{slow.lastRequestId}</Code>
        </Text>
        <CopyButton value={slow.lastRequestId}>
          {({ copied: isCopied, copy: take }) => (
            <Button size="compact-xs" variant="default" onClick={take}>
              {isCopied ? copied : copy}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Text size="xs" c="dimmed">
        {t.requestHint}
      </Text>
    </Stack>
  );
}

function useColumns(onOpen: (slow: Slow) => void): readonly Column<Slow>[] {
  const t = useTexts(texts).system;
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: "name",
        header: t.operation,
        value: ({ name }) => name,
        cell: ({ name }) => (
          <Text span size="sm" ff="monospace">
            {name}
          </Text>
        ),
      },
      {
        id: "kind",
        header: t.kind,
        value: ({ metric }) => {
          const kind = oneOf(KINDS, metric);
          return kind ? t.kinds[kind] : metric;
        },
      },
      { id: "n", header: t.count, value: ({ n }) => n, format: formats.count },
      { id: "p95", header: "p95", value: ({ p95Ms }) => p95Ms, format: formats.latency },
      { id: "max", header: t.max, value: ({ maxMs }) => maxMs, format: formats.latency },
      {
        id: "last",
        header: t.last,
        value: ({ lastAt }) => lastAt,
        cell: ({ lastAt, lastEndpoint }) => (
          <>
            {formats.dateTime(lastAt)}
            <Text size="xs" c="dimmed" ff="monospace">
              {lastEndpoint}
            </Text>
          </>
        ),
      },
      {
        id: "details",
        header: t.details,
        sortable: false,
        value: ({ lastRequestId }) => lastRequestId,
        cell: (slow) => (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={t.detailsOf(slow.name)}
            onClick={() => onOpen(slow)}
          >
            {t.details}
          </Button>
        ),
      },
    ],
    [t, formats, onOpen],
  );
}
