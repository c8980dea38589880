// Kept reports: the list by kind, and one of them.

import { Button, SegmentedControl, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useFormats, useGoTo, usePageState } from "../../app/navigation";
import { optionalChoice, text } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { oneOf } from "../../app/view";
import { type Column, DataTable } from "../../components/data-table";
import { MoreButton } from "../../components/more-button";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { KINDS, type Kind, useReports } from "./reading";
import { Report } from "./report";
import { texts } from "./texts";

type Listed = Schema<"ListedReport">;

/** The kind that is listed; the report that is open, and its section whose rows show. */
const fields = { kind: optionalChoice(KINDS), report: text(), section: text() };

/** The page. */
export default function ReportsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [state, setState] = usePageState(fields);
  const open = useCallback((report: string) => setState({ report }), [setState]);
  return (
    <Page title={pages.reports} description={t.description}>
      {state.report ? (
        <Report
          id={state.report}
          section={state.section || undefined}
          onSection={(section) => setState({ section: section ?? "" })}
          onBack={() => setState({ report: "", section: "" })}
        />
      ) : (
        <List kind={state.kind} onKind={(kind) => setState({ kind })} onOpen={open} />
      )}
    </Page>
  );
}

function List(props: {
  kind: Kind | undefined;
  onKind: (kind: Kind | undefined) => void;
  onOpen: (report: string) => void;
}) {
  const t = useTexts(texts);
  const { more } = useTexts(common);
  const { pages } = useTexts(shellTexts);
  const goTo = useGoTo();
  const reports = useReports(props.kind);
  const columns = useColumns(props.onOpen);
  return (
    <>
      <SegmentedControl
        aria-label={t.kind}
        value={props.kind ?? "all"}
        onChange={(value) => props.onKind(oneOf(KINDS, value))}
        data={[
          { value: "all", label: t.all },
          ...KINDS.map((value) => ({ value, label: t.shortKinds[value] })),
        ]}
        style={{ alignSelf: "flex-start" }}
      />
      <QueryView
        query={reports}
        isEmpty={({ pages: [first] }) => first?.reports.length === 0}
        empty={
          <Empty title={t.none} action={{ label: t.toJobs, onClick: () => goTo({ to: "/jobs" }) }}>
            {t.noneHint}
          </Empty>
        }
      >
        {(data) => (
          <DataTable
            label={pages.reports}
            columns={columns}
            rows={data.pages.flatMap((page) => page.reports)}
            rowKey={({ id }) => id}
          />
        )}
      </QueryView>
      <MoreButton query={reports} label={more} />
    </>
  );
}

function useColumns(onOpen: (report: string) => void): readonly Column<Listed>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const kinds: Readonly<Record<string, string>> = t.kinds;
    const kindOf = ({ kind }: Listed) => kinds[kind] ?? kind;
    const period = ({ from, to }: Listed) => `${formats.dateTime(from)} – ${formats.dateTime(to)}`;
    return [
      {
        id: "kind",
        header: t.kind,
        value: kindOf,
        cell: (report) => (
          <Text size="sm" fw={600}>
            {kindOf(report)}
          </Text>
        ),
      },
      { id: "period", header: t.period, value: ({ from }) => from, cell: period },
      { id: "zone", header: t.zone, value: ({ tz }) => tz },
      { id: "made", header: t.made, value: ({ madeAt }) => madeAt, instant: formats.dateTime },
      {
        id: "open",
        header: t.open,
        sortable: false,
        value: () => null,
        cell: (report) => (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t.openReport(kindOf(report), period(report))}
            onClick={() => onOpen(report.id)}
          >
            {t.open}
          </Button>
        ),
      },
    ];
  }, [t, formats, onOpen]);
}
