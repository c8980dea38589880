// Alerts: what is wrong, the rules, back-tests, and who is told.

import { Tabs } from "@mantine/core";
import { useRead } from "../../api/hooks";
import { shellTexts } from "../../app/shell-texts";
import { oneOf } from "../../app/view";
import { Page } from "../../components/page";
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
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(value) => setState({ part: oneOf(PARTS, value ?? undefined) ?? "alerts" })}
      >
        <Tabs.List aria-label={t.partsLabel} mb="md">
          {PARTS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {t.parts[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="alerts">
          <QueryView query={rules}>{(data) => <AlertsPart rules={data} />}</QueryView>
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <QueryView query={rules}>{(data) => <RulesPart rules={data.rules} />}</QueryView>
        </Tabs.Panel>
        <Tabs.Panel value="backtest">
          <QueryView query={rules}>{(data) => <BacktestPart rules={data.rules} />}</QueryView>
        </Tabs.Panel>
        <Tabs.Panel value="messages">
          <MessagesPart />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
