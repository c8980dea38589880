// One kept report: its headlines, and the rows of its sections.

import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { fieldsOf, listOf, numberOf, rateOf, type Schema, textOf } from "@nest-haus/api";
import { IconArrowLeft } from "@tabler/icons-react";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { FormatMenu } from "../../components/export-menu";
import { Notice } from "../../components/notice";
import { Empty, QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Headline } from "../overview/headline";
import { KINDS, reportFile, useReport, useSection } from "./reading";
import { texts } from "./texts";

const HEIGHT = 480;
const FILE = { formats: ["csv", "xlsx"], size: "xs" } as const;

/** Shows a report. `section` is the one whose rows show. */
export function Report(props: {
  id: string;
  section: string | undefined;
  onSection: (section: string | undefined) => void;
  onBack: () => void;
}) {
  const t = useTexts(texts);
  const report = useReport(props.id);
  return (
    <>
      <Group>
        <Button
          variant="subtle"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          onClick={props.onBack}
        >
          {t.back}
        </Button>
      </Group>
      <QueryView query={report} height={480}>
        {(data) => <Content {...props} report={data} />}
      </QueryView>
    </>
  );
}

function Content(props: {
  id: string;
  section: string | undefined;
  onSection: (section: string | undefined) => void;
  report: Readonly<Record<string, unknown>>;
}) {
  const t = useTexts(texts);
  const { id, section, onSection, report } = props;
  const sections = Object.keys(report).filter((name) => name !== "meta");
  const names: Readonly<Record<string, string>> = t.sectionNames;
  const nameOf = (name: string) => names[name] ?? name;
  const kind = textOf(fieldsOf(report.meta).kind) ?? "";
  return (
    <>
      <Heading meta={report.meta} />
      <Tile
        title={t.headlines}
        aside={
          <FormatMenu
            {...FILE}
            label={t.file}
            name={kind}
            make={(format) => reportFile({ id, format })}
          />
        }
      >
        {isOverview(report.overview) ? (
          <Headline report={report.overview} />
        ) : (
          <Text size="sm">{t.noHeadlines}</Text>
        )}
      </Tile>
      <Tile title={t.sections} aside={<Definition name={t.sections} text={t.sectionsAbout} />}>
        <Stack>
          <Text size="sm" c="dimmed">
            {t.sectionsText} {t.recorded}
          </Text>
          <Group align="flex-end">
            <Select
              label={t.section}
              placeholder={t.chooseSection}
              clearable
              value={section ?? null}
              data={sections.map((value) => ({ value, label: nameOf(value) }))}
              onChange={(value) => onSection(value ?? undefined)}
            />
            {section && (
              <FormatMenu
                {...FILE}
                label={t.sectionFile}
                name={`${kind} ${section}`}
                make={(format) => reportFile({ id, format, section })}
              />
            )}
          </Group>
          {section && <Section id={id} section={section} name={nameOf(section)} />}
        </Stack>
      </Tile>
    </>
  );
}

/** What the report is, and of which period. */
function Heading({ meta }: { meta: unknown }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const facts = fieldsOf(meta);
  const kind = KINDS.find((each) => each === facts.kind);
  const [from, to] = [textOf(facts.from), textOf(facts.to)];
  return (
    <Notice
      tone="neutral"
      title={`${kind ? t.kinds[kind] : ""} · ${formats.dateTime(from)} – ${formats.dateTime(to)}`}
    >
      <Text size="sm">{t.keptText}</Text>
      <Text size="xs" c="dimmed">
        {t.made}: {formats.dateTime(textOf(facts.madeAt))} · {t.zone}: {textOf(facts.tz)}
      </Text>
    </Notice>
  );
}

function Section({ id, section, name }: { id: string; section: string; name: string }) {
  const t = useTexts(texts);
  const rows = useSection(id, section);
  return (
    <QueryView
      query={rows}
      isEmpty={(data) => data.length < 2}
      empty={<Empty title={t.emptySection}>{t.emptySectionHint}</Empty>}
    >
      {(data) => <Rows rows={data} name={name} />}
    </QueryView>
  );
}

function Rows({ rows, name }: { rows: readonly string[][]; name: string }) {
  const formats = useFormats();
  const [head, body] = useMemo(() => [rows[0] ?? [], rows.slice(1)], [rows]);
  const columns = useMemo(
    () =>
      namesFirst(head, body).map((index): Column<string[]> => {
        const isNumber = body.every((row) => isNumeric(row[index] ?? ""));
        return {
          id: String(index),
          header: head[index] ?? "",
          align: isNumber ? "right" : "left",
          value: (row) => cellOf(row[index] ?? "", isNumber),
          cell: (row) => {
            const value = row[index] ?? "";
            if (isNumber && value !== "") return formats.decimal(Number(value), 4);
            return <Text size="xs">{isInstant(value) ? formats.dateTime(value) : value}</Text>;
          },
        };
      }),
    [head, body, formats],
  );
  return (
    <DataTable
      label={name}
      columns={columns}
      rows={body}
      rowKey={(_, index) => String(index)}
      maxHeight={HEIGHT}
    />
  );
}

/** The columns by their place in the file, those that name a row before those that measure it. */
function namesFirst(head: readonly string[], body: readonly string[][]): number[] {
  const places = head.map((_, index) => index);
  const measures = (index: number) => body.every((row) => isMeasure(row[index] ?? ""));
  return [...places.filter((index) => !measures(index)), ...places.filter(measures)];
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text);
}

function isMeasure(text: string): boolean {
  return isNumeric(text) || text === "true" || text === "false";
}

function cellOf(text: string, isNumber: boolean): string | number | null {
  if (text === "") return null;
  return isNumber ? Number(text) : text;
}

function isNumeric(text: string): boolean {
  return text === "" || /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text);
}

/** Whether a kept overview has all that the headline numbers read: it may be of an older version. */
function isOverview(value: unknown): value is Schema<"Overview"> {
  const { current, previous, meta } = fieldsOf(value);
  const { revenue, duration, sessionConversion, visits, bounceRate, captureRate } =
    fieldsOf(current);
  const { micro, lead, macro } = fieldsOf(sessionConversion);
  const { metricId, warnings, excluded } = fieldsOf(meta);
  return (
    [visits, fieldsOf(revenue).netCents].every((each) => numberOf(each) !== undefined) &&
    [micro, lead, macro, bounceRate, captureRate].every((each) => rateOf(each) !== undefined) &&
    [duration, excluded].every((each) => typeof each === "object" && each !== null) &&
    (previous === null || isChange(fieldsOf(previous).changes)) &&
    textOf(metricId) !== undefined &&
    listOf(warnings).every((each) => textOf(fieldsOf(each).code) !== undefined)
  );
}

function isChange(value: unknown): boolean {
  const { sessionConversion } = fieldsOf(value);
  return typeof sessionConversion === "object" && sessionConversion !== null;
}
