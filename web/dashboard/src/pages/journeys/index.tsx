// Journeys: which ways visits take, from their start, to their end, or between two nodes.

import { SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, usePageState, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { changeOfCount } from "../../components/change";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { Metric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Filters } from "./filters";
import { useNodeNames } from "./names";
import { Nodes } from "./nodes";
import { DEFAULTS, fields, lacksNode, NO_NODES, queryOf } from "./state";
import { texts } from "./texts";
import { Ways } from "./ways";

/** The page. */
export default function JourneysPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state, setState] = usePageState(fields);
  const isIncomplete = lacksNode(state);
  const journeys = useRead("/api/admin/analytics/journeys", queryOf(comparedQuery(view), state), {
    enabled: !isIncomplete,
  });
  const names = useNodeNames();
  const suggestions = useSuggestions(journeys.data, names.known);
  const exported = queryOf({ ...rangeQuery(view), compare: "none" }, state);
  return (
    <Page
      title={pages.journeys}
      description={t.description}
      meta={isIncomplete ? undefined : journeys.data?.meta}
      actions={isIncomplete ? undefined : <ExportMenu report="journeys" query={exported} />}
    >
      <Filters state={state} onChange={setState} names={names} suggestions={suggestions} />
      {isIncomplete ? (
        <Empty title={t.between}>{t.betweenHint}</Empty>
      ) : (
        <QueryView
          query={journeys}
          height={560}
          isEmpty={({ visits }) => visits === 0}
          empty={
            <Empty
              title={t.none}
              action={{ label: t.resetAction, onClick: () => setState(DEFAULTS) }}
            >
              {t.noneHint}
            </Empty>
          }
        >
          {(report) => (
            <>
              <Visits report={report} />
              <Ways report={report} state={state} onChange={setState} names={names} />
              <Nodes report={report} names={names} />
            </>
          )}
        </QueryView>
      )}
    </Page>
  );
}

function Visits({ report }: { report: Schema<"Journeys"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const visits = report.comparison?.visits;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Metric
        name={t.visits}
        text={t.visitsText}
        meta={report.meta}
        value={formats.count(report.visits)}
        change={visits ? changeOfCount(visits.change, "neither") : undefined}
        before={visits ? formats.count(visits.before) : undefined}
      />
    </SimpleGrid>
  );
}

/** Nodes to choose from: those that visits came to, and those that the configurator has. */
function useSuggestions(
  report: Schema<"Journeys"> | undefined,
  known: readonly string[],
): readonly string[] {
  return useMemo(() => {
    const seen = report?.nodes.map(({ node }) => node) ?? [];
    return [...new Set([...seen, ...known])].filter((node) => !NO_NODES.includes(node)).sort();
  }, [report, known]);
}
