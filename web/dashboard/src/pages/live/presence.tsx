// Where those who are here are, with what, and what waits in the queue.

import { SimpleGrid, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { Chart, type ChartTable } from "../../components/chart";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { bars } from "../../components/lines";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { useWords } from "../sessions/words";
import { texts } from "./texts";

type RealTime = Schema<"RealTime">;
type Named = Schema<"ActiveSessions">;

const NOT_SET = "(not set)";
const ROW_PX = 30;
const FRAME_PX = 50;

/** Active sessions by page and device, and the queue by stream. */
export function Presence({ live }: { live: RealTime }) {
  const t = useTexts(texts);
  const words = useWords();
  const { notSet } = useTexts(common);
  const pages = useNamed(live.activeByPage, notSet);
  const devices = useNamed(live.activeByDevice, notSet, words.device);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }}>
      <ActiveBy live={live} title={t.byPage} text={t.byPageText} what={t.page} rows={pages} />
      <ActiveBy
        live={live}
        title={t.byDevice}
        text={t.byDeviceText}
        what={t.device}
        rows={devices}
      />
      <Queues live={live} />
    </SimpleGrid>
  );
}

function useNamed(
  rows: readonly Named[],
  notSet: string,
  say: (word: string) => string = same,
): readonly Named[] {
  return useMemo(
    () =>
      rows.map(({ value, sessions }) => ({
        value: value === NOT_SET ? notSet : say(value),
        sessions,
      })),
    [rows, notSet, say],
  );
}

function same(word: string): string {
  return word;
}

function ActiveBy(props: {
  live: RealTime;
  title: string;
  text: string;
  what: string;
  rows: readonly Named[];
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { live, title, text, what, rows } = props;
  const option = useCallback(
    () => ({
      ...bars(
        {
          labels: rows.map(({ value }) => value),
          format: formats.count,
          series: [{ name: t.sessions, values: rows.map(({ sessions }) => sessions) }],
        },
        true,
      ),
      // Bars that grow anew with every reading would look like news.
      animation: false,
    }),
    [rows, formats, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [{ header: what }, { header: t.sessions, format: formats.count }],
      rows: rows.map(({ value, sessions }) => [value, sessions]),
    }),
    [rows, what, formats, t],
  );
  return (
    <Tile title={title} aside={<Definition name={title} text={text} meta={live.meta} />}>
      {rows.length === 0 ? (
        <Text c="dimmed">{t.nobodyHere}</Text>
      ) : (
        <Chart
          label={title}
          option={option}
          table={table}
          height={FRAME_PX + ROW_PX * rows.length}
        />
      )}
    </Tile>
  );
}

function Queues({ live }: { live: RealTime }) {
  const t = useTexts(texts);
  const columns = useQueueColumns();
  return (
    <Tile
      title={t.queues}
      aside={<Definition name={t.queues} text={t.queuesText} meta={live.meta} />}
    >
      <DataTable
        label={t.queues}
        columns={columns}
        rows={live.queues}
        rowKey={({ queue }) => queue}
      />
    </Tile>
  );
}

function useQueueColumns(): readonly Column<Schema<"QueueDepth">>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: "queue",
        header: t.kind,
        value: ({ queue }) => Reflect.get(t.queueNames, queue) ?? queue,
      },
      { id: "entries", header: t.entries, value: ({ entries }) => entries, format: formats.count },
      { id: "bytes", header: t.bytes, value: ({ bytes }) => bytes, format: formats.bytes },
    ],
    [t, formats],
  );
}
