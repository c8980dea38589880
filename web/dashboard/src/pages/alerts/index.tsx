// Alerts: what is wrong, the rules, back-tests, and who is told.

import { useRead } from "../../api/hooks";
import { shellTexts } from "../../app/shell-texts";
import { Page } from "../../components/page";
import { PartTabs } from "../../components/part-tabs";
import { QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { AlertsPart } from "./alerts";
import { BacktestPart } from "./backtest";
import { MessagesPart } from "./messages";
import { RulesPart } from "./rules";
import { PARTS, useAlertsState } from "./state";
import { texts } from "./texts";

/** The page. */
export default function AlertsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [{ part }, setState] = useAlertsState();
  const rules = useRead("/api/admin/alerts/rules", {});
  return (
    <Page title={pages.alerts} description={t.description}>
      <PartTabs
        label={t.partsLabel}
        parts={PARTS}
        names={t.parts}
        value={part}
        onChange={(shown) => setState({ part: shown })}
        panels={{
          alerts: <QueryView query={rules}>{(data) => <AlertsPart rules={data} />}</QueryView>,
          rules: <QueryView query={rules}>{(data) => <RulesPart rules={data.rules} />}</QueryView>,
          backtest: (
            <QueryView query={rules}>{(data) => <BacktestPart rules={data.rules} />}</QueryView>
          ),
          messages: <MessagesPart />,
        }}
      />
    </Page>
  );
}
