// The overview: live tiles, headline numbers, visits over time, funnel and drop-off, top configurations.

import { Code, SimpleGrid } from "@mantine/core";
import { useRead } from "../../api/hooks";
import { useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { EmptyRange, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { DropOff } from "./drop-off";
import { Headline } from "./headline";
import { LiveTiles } from "./live-tiles";
import { texts } from "./texts";
import { TopConfigurations } from "./top-configurations";
import { VisitsOverTime } from "./visits-over-time";

const TOP = 8;

/** The page. */
export default function OverviewPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const range = rangeQuery(view);
  const overview = useRead("/api/admin/analytics/overview", comparedQuery(view));
  const dropOff = useRead("/api/admin/analytics/dropoff", { ...range, compare: "none" });
  const popular = useRead("/api/admin/analytics/popular-configs", { ...range, limit: TOP });
  return (
    <Page
      title={pages.overview}
      description={t.description}
      meta={overview.data?.meta}
      actions={<ExportMenu report="overview" query={range} />}
    >
      <LiveTiles />
      <QueryView
        query={overview}
        height={420}
        isEmpty={({ current }) => current.visits === 0}
        empty={<NobodyHere />}
      >
        {(report) => (
          <>
            <Headline report={report} />
            <VisitsOverTime report={report} />
            <SimpleGrid cols={{ base: 1, lg: 2 }}>
              <DropOff report={report} dropOff={dropOff} />
              <TopConfigurations popular={popular} />
            </SimpleGrid>
          </>
        )}
      </QueryView>
    </Page>
  );
}

/** Nobody was there: how to look further back, and how to get events at all. */
function NobodyHere() {
  const t = useTexts(texts);
  return (
    <EmptyRange title={t.none} longer={t.longer}>
      {t.noneHint}
      <Code block mt="xs" tabIndex={0}>
        nest-haus seed
      </Code>
    </EmptyRange>
  );
}
