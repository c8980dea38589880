// Performance: for visitors, of the system, and whether all that it depends on is well.

import { Tabs } from "@mantine/core";
import { useRead } from "../../api/hooks";
import { useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, oneOf, rangeQuery } from "../../app/view";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
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
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(value) => setState({ part: oneOf(PARTS, value ?? undefined) ?? "visitors" })}
      >
        <Tabs.List aria-label={t.partsLabel} mb="md">
          {PARTS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t.parts[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="visitors">
          <QueryView
            query={visitors}
            height={520}
            isEmpty={({ metrics }) => metrics.length === 0}
            empty={<Empty title={t.noVisitors}>{t.noVisitorsHint}</Empty>}
          >
            {(report) => <VisitorsPart report={report} />}
          </QueryView>
        </Tabs.Panel>
        <Tabs.Panel value="system">
          <QueryView
            query={system}
            height={520}
            isEmpty={({ total, endpoints }) => total.n === 0 && endpoints.length === 0}
            empty={<Empty title={t.system.none}>{t.system.noneHint}</Empty>}
          >
            {(report) => <SystemPart report={report} />}
          </QueryView>
        </Tabs.Panel>
        <Tabs.Panel value="health">
          <HealthPart />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
