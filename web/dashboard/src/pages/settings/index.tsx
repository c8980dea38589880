// Settings: one's own account and mails; tracking, internal traffic and retention for everybody.

import { Stack } from "@mantine/core";
import { usePageState } from "../../app/navigation";
import { choice } from "../../app/page-state";
import { useMay } from "../../app/session";
import { shellTexts } from "../../app/shell-texts";
import { Page } from "../../components/page";
import { PartTabs } from "../../components/part-tabs";
import { useTexts } from "../../i18n/texts";
import { MessagesPart } from "../alerts/messages";
import { InternalTraffic } from "./internal-traffic";
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
      <PartTabs
        label={t.view}
        parts={shown}
        names={t.tabs}
        value={shown.includes(tab) ? tab : "account"}
        onChange={(value) => setState({ tab: value })}
        panels={{
          account: (
            <Stack maw={900}>
              <Password />
              <SecondFactor />
              <Sessions />
            </Stack>
          ),
          mails: <MessagesPart />,
          tracking: <Tracking />,
          internal: <InternalTraffic />,
          retention: <Retention />,
        }}
      />
    </Page>
  );
}
