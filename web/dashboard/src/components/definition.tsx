// The definition of a number, on demand.

import { ActionIcon, Popover, Stack, Table, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useFormats } from "../app/navigation";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { type ReportMeta, useExcluded } from "./watermark";

/** What a definition says. */
export interface DefinitionProps {
  /** The number's name. */
  name: string;
  /** What is counted, divided and left out, in a sentence or two. */
  text: string;
  /** The `meta` of the report that the number is from. */
  meta: ReportMeta;
}

/** A small button that opens the definition: words, metric and version, population, period, watermark. */
export function Definition({ name, text, meta }: DefinitionProps) {
  const t = useTexts(common).meta;
  return (
    <Popover width={340} withArrow shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t.about(name)}>
          <IconInfoCircle size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 24px)" aria-label={t.about(name)} tabIndex={-1}>
        <Stack gap="xs">
          <Text fw={600} size="sm">
            {name}
          </Text>
          <Text size="sm">{text}</Text>
          <Facts meta={meta} />
          {meta.warnings.map((warning) => (
            <Text key={warning} size="xs" c="dimmed" lang="en">
              {warning}
            </Text>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Facts({ meta }: { meta: ReportMeta }) {
  const t = useTexts(common).meta;
  const formats = useFormats();
  const excluded = useExcluded(meta, formats);
  const facts: [string, string][] = [
    [t.metric, `${meta.metricId}, ${t.version(meta.metricVersion)}`],
    [t.population, meta.population === "all" ? t.everybody : t.eligible],
    ...(meta.from && meta.to
      ? [
          [t.interval, `${formats.dateTime(meta.from)} – ${formats.dateTime(meta.to)}`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    [t.zone, meta.tz],
    [t.watermark, meta.watermark ? formats.dateTime(meta.watermark) : t.watermarkUnknown],
    [t.asOf, formats.dateTime(meta.asOf)],
    [t.excluded, excluded],
  ];
  const notes = [
    meta.partial ? t.partial : "",
    meta.approx ? t.approx : "",
    meta.sampled ? t.sampled : "",
  ].filter(Boolean);
  return (
    <>
      <Table variant="vertical" verticalSpacing={2} horizontalSpacing={0} withRowBorders={false}>
        <Table.Tbody>
          {facts.map(([name, fact]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400} c="dimmed" bg="transparent">
                <Text size="xs">{name}</Text>
              </Table.Th>
              <Table.Td>
                <Text size="xs">{fact}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {notes.length > 0 && <Text size="xs">{notes.join(" ")}</Text>}
    </>
  );
}
