// Settings: one's own account and mails; tracking, internal traffic and retention for everybody.

import { Stack, Tabs } from "@mantine/core";
import { usePageState } from "../../app/navigation";
import { choice } from "../../app/page-state";
import { useMay } from "../../app/session";
import { shellTexts } from "../../app/shell-texts";
import { oneOf } from "../../app/view";
import { Page } from "../../components/page";
import { useTexts } from "../../i18n/texts";
import { InternalTraffic } from "./internal-traffic";
import { Mails } from "./mails";
import { Password } from "./password";
import { Retention } from "./retention";
import { SecondFactor } from "./second-factor";
import { Sessions } from "./sessions";
import { texts } from "./texts";
import { Tracking } from "./tracking";

const TABS = ["account", "mails", "tracking", "internal", "retention"] as const;

const fields = { tab: choice(TABS, "account") };

/** The page. */
export default function SettingsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const [{ tab }, setState] = usePageState(fields);
  const mayRead = useMay("analytics:read");
  const shown = TABS.filter((each) => mayRead || each === "account" || each === "mails");
  return (
    <Page title={pages.settings} description={t.description}>
      <Tabs
        value={shown.includes(tab) ? tab : "account"}
        onChange={(value) => setState({ tab: oneOf(TABS, value ?? undefined) ?? "account" })}
        keepMounted={false}
      >
        <Tabs.List aria-label={t.view} mb="md">
          {shown.map((value) => (
            <Tabs.Tab key={value} value={value}>
              {t.tabs[value]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="account">
          <Stack maw={900}>
            <Password />
            <SecondFactor />
            <Sessions />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="mails">
          <Mails />
        </Tabs.Panel>
        <Tabs.Panel value="tracking">
          <Tracking />
        </Tabs.Panel>
        <Tabs.Panel value="internal">
          <InternalTraffic />
        </Tabs.Panel>
        <Tabs.Panel value="retention">
          <Retention />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
