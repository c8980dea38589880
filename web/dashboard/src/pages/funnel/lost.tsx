// Who came no further: what they did next, and sessions to look at.

import { Accordion, Anchor, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { PageLink, useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import type { FunnelNames } from "./names";
import { texts } from "./texts";

interface Props {
  report: Schema<"FunnelReport">;
  /** The names of steps. */
  steps: readonly string[];
  names: FunnelNames;
}

/** Step by step, those who did not come to the following one. */
export function Lost({ report, steps, names }: Props) {
  const t = useTexts(texts);
  const formats = useFormats();
  const rows = report.steps.slice(0, -1);
  const title = (at: number) => steps[at] ?? "";
  return (
    <Tile
      title={t.details}
      aside={<Definition name={t.details} text={t.detailsText} meta={report.meta} />}
    >
      <Accordion order={3} chevronPosition="left" variant="separated">
        {rows.map((step, at) => (
          <Accordion.Item key={title(at)} value={String(at)}>
            <Accordion.Control>
              <Group justify="space-between" gap="xs">
                <Text fw={600}>{title(at)}</Text>
                <Text size="sm" c="dimmed">
                  {t.lostAfter(formats.count(report.steps[at + 1]?.dropped))}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <LostAfter step={step} name={title(at)} names={names} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Tile>
  );
}

function LostAfter(props: { step: Schema<"FunnelStep">; name: string; names: FunnelNames }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { step, name, names } = props;
  const columns = useColumns(names);
  const { units, events } = step.nextEvents;
  if (units === 0) return <Text c="dimmed">{t.nobodyLost}</Text>;
  const label = t.nextTitle(name, formats.count(units));
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Stack gap="xs">
        <Text size="sm">{label}</Text>
        <DataTable
          label={label}
          columns={columns}
          rows={events}
          rowKey={({ event, category }) => `${event}/${category}`}
        />
      </Stack>
      <Stack gap={4}>
        <Text size="sm">{t.sessions}</Text>
        {step.droppedSessions.map((id) => (
          <Anchor
            key={id}
            size="sm"
            component={PageLink}
            to="/sessions/$id"
            params={{ id }}
            style={{ overflowWrap: "anywhere" }}
          >
            {id}
          </Anchor>
        ))}
      </Stack>
    </SimpleGrid>
  );
}

function useColumns(names: FunnelNames): readonly Column<Schema<"NextEvent">>[] {
  const t = useTexts(texts);
  return useMemo(
    () => [
      {
        id: "event",
        header: t.event,
        value: ({ event, category }) => (event ? names.event(event, category) : t.nothingNext),
      },
      {
        id: "share",
        header: t.share,
        align: "right",
        value: ({ share }) => share.value,
        cell: ({ share }) => <RateCell rate={share} />,
      },
    ],
    [t, names],
  );
}
