// The visits: as a table, or as cards where there is no room for one.

import { Group, Paper, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { oneOf } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { useTexts } from "../../i18n/texts";
import { SORTS, type VisitFilters } from "./filters";
import { texts } from "./texts";
import {
  Activity,
  Channel,
  Device,
  Engaged,
  Pages,
  Price,
  Reached,
  StatusBadges,
  type Visit,
  VisitLink,
} from "./visit-cells";
import { useWords } from "./words";

interface VisitListProps {
  visits: readonly Visit[];
  sort: VisitFilters["sort"];
  onSort: (sort: VisitFilters["sort"]) => void;
}

/** The visits, in the order that the server gave them. */
export function VisitList(props: VisitListProps) {
  const isNarrow = useMediaQuery("(max-width: 48em)") ?? false;
  return isNarrow ? <VisitCards visits={props.visits} /> : <VisitTable {...props} />;
}

function VisitTable({ visits, sort, onSort }: VisitListProps) {
  const t = useTexts(texts);
  const columns = useColumns();
  return (
    <DataTable
      label={t.list}
      columns={columns}
      rows={visits}
      rowKey={keyOf}
      server={{
        order: { id: sort, desc: true },
        onOrder: ({ id }) => onSort(oneOf(SORTS, id) ?? "newest"),
      }}
    />
  );
}

function VisitCards({ visits }: { visits: readonly Visit[] }) {
  const words = useWords();
  const t = useTexts(texts);
  return (
    <Stack component="ul" gap="xs" p={0} m={0} aria-label={t.list} style={{ listStyle: "none" }}>
      {visits.map((visit) => (
        <Paper component="li" key={keyOf(visit)} withBorder p="sm" bg="var(--nest-surface)">
          <Group justify="space-between" align="flex-start" gap="xs">
            <div style={{ minWidth: 0 }}>
              <VisitLink visit={visit} />
            </div>
            <StatusBadges visit={visit} />
          </Group>
          <Group justify="space-between" align="flex-start" mt={6}>
            <div>
              <Price visit={visit} />
            </div>
            <div>
              <Reached visit={visit} />
            </div>
            <div>
              <Engaged visit={visit} />
            </div>
          </Group>
          <Text size="xs" c="dimmed" mt={6}>
            {[words.device(visit.device), words.channel(visit.channel), visit.country]
              .filter(Boolean)
              .join(" · ")}
          </Text>
        </Paper>
      ))}
    </Stack>
  );
}

function keyOf({ sessionId, number }: Visit): string {
  return `${sessionId} ${number}`;
}

function useColumns(): readonly Column<Visit>[] {
  const t = useTexts(texts).columns;
  return useMemo(() => columnsOf(t), [t]);
}

type Headers = Readonly<
  Record<
    | "started"
    | "status"
    | "level"
    | "price"
    | "engaged"
    | "activity"
    | "device"
    | "channel"
    | "pages"
    | "last",
    string
  >
>;

function columnsOf(t: Headers): readonly Column<Visit>[] {
  const fixed = { sortable: false } as const;
  return [
    {
      id: "newest",
      header: t.started,
      value: ({ startedAt }) => startedAt,
      cell: (visit) => <VisitLink visit={visit} />,
    },
    {
      ...fixed,
      id: "status",
      header: t.status,
      value: ({ status }) => status,
      cell: (visit) => <StatusBadges visit={visit} />,
    },
    {
      ...fixed,
      id: "level",
      header: t.level,
      value: ({ funnelLevel }) => funnelLevel,
      cell: (visit) => <Reached visit={visit} />,
    },
    {
      id: "price",
      header: t.price,
      align: "right",
      value: ({ priceCents }) => priceCents,
      cell: (visit) => <Price visit={visit} />,
    },
    {
      id: "engaged",
      header: t.engaged,
      align: "right",
      value: ({ engagedMs }) => engagedMs,
      cell: (visit) => <Engaged visit={visit} />,
    },
    {
      ...fixed,
      id: "activity",
      header: t.activity,
      value: ({ interactions }) => interactions,
      cell: (visit) => <Activity visit={visit} />,
    },
    {
      ...fixed,
      id: "channel",
      header: t.channel,
      value: ({ channel }) => channel,
      cell: (visit) => <Channel visit={visit} />,
    },
    {
      ...fixed,
      id: "device",
      header: t.device,
      value: ({ device }) => device,
      cell: (visit) => <Device visit={visit} />,
    },
    {
      ...fixed,
      id: "pages",
      header: t.pages,
      value: ({ entryPage }) => entryPage,
      cell: (visit) => <Pages visit={visit} />,
    },
    { ...fixed, id: "last", header: t.last, value: ({ lastEvent }) => lastEvent ?? "–" },
  ];
}
