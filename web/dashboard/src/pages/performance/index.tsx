// Performance: for visitors, of the system, and whether all that it depends on is well.

import { useRead } from "../../api/hooks";
import { useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { PartTabs } from "../../components/part-tabs";
import { Empty, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { HealthPart } from "./health";
import { PARTS, usePerformanceState } from "./state";
import { SystemPart } from "./system";
import { texts } from "./texts";
import { VisitorsPart } from "./visitors";

/** The page. */
export default function PerformancePage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [{ part }, setState] = usePerformanceState();
  const range = rangeQuery(view);
  const visitors = useRead("/api/admin/analytics/performance", comparedQuery(view), {
    enabled: part === "visitors",
  });
  const system = useRead("/api/admin/monitoring/performance", range, {
    enabled: part === "system",
  });
  const meta = { visitors: visitors.data?.meta, system: system.data?.meta, health: undefined };
  return (
    <Page
      title={pages.performance}
      description={t.description}
      meta={meta[part]}
      actions={part === "visitors" && <ExportMenu report="performance" query={range} />}
    >
      <PartTabs
        label={t.partsLabel}
        parts={PARTS}
        names={t.parts}
        value={part}
        onChange={(shown) => setState({ part: shown })}
        panels={{
          visitors: (
            <QueryView
              query={visitors}
              height={520}
              isEmpty={({ metrics }) => metrics.length === 0}
              empty={<Empty title={t.noVisitors}>{t.noVisitorsHint}</Empty>}
            >
              {(report) => <VisitorsPart report={report} />}
            </QueryView>
          ),
          system: (
            <QueryView
              query={system}
              height={520}
              isEmpty={({ total, endpoints }) => total.n === 0 && endpoints.length === 0}
              empty={<Empty title={t.system.none}>{t.system.noneHint}</Empty>}
            >
              {(report) => <SystemPart report={report} />}
            </QueryView>
          ),
          health: <HealthPart />,
        }}
      />
    </Page>
  );
}
