// What opens when one asks for the definition of a number.

import { Popover, Stack, Table, Text } from "@mantine/core";
import { useFormats } from "../app/navigation";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { DefinitionButton, type DefinitionProps } from "./definition";
import { useOpenedFirst } from "./use-opened-first";
import { warningTexts } from "./warning-texts";
import { type ReportMeta, useExcluded } from "./watermark";

/** The definition, opened at once, and the button that opens it again. */
export default function DefinitionPopover({ name, text, meta, asOf }: DefinitionProps) {
  const t = useTexts(common).meta;
  const formats = useFormats();
  const { button, opened, setOpened } = useOpenedFirst();
  return (
    <Popover
      width={340}
      withArrow
      shadow="md"
      trapFocus
      returnFocus
      opened={opened}
      onChange={setOpened}
    >
      <Popover.Target>
        <DefinitionButton name={name} onClick={() => setOpened(!opened)} ref={button} />
      </Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 24px)" aria-label={t.about(name)} tabIndex={-1}>
        <Stack gap="xs">
          <Text fw={600} size="sm">
            {name}
          </Text>
          <Text size="sm">{text}</Text>
          {meta && <Facts meta={meta} />}
          {asOf && (
            <Text size="xs" c="dimmed">
              {t.asOf}: {formats.dateTime(asOf)}
            </Text>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Facts({ meta }: { meta: ReportMeta }) {
  const t = useTexts(common).meta;
  const warnings = useTexts(warningTexts);
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
      {meta.warnings.map(({ code }) => (
        <Text key={code} size="xs" c="dimmed">
          {warnings[code]}
        </Text>
      ))}
    </>
  );
}
