// Live numbers: read every 30 seconds, whatever the period is.

import { Alert, Anchor, SimpleGrid } from "@mantine/core";
import { useRead } from "../../api/hooks";
import { PageLink, useFormats } from "../../app/navigation";
import { QueryView } from "../../components/query-view";
import { Metric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const EVERY_MS = 30_000;

/** Who is there, who is configuring, what waits. */
export function LiveTiles() {
  const t = useTexts(texts).live;
  const formats = useFormats();
  const live = useRead("/api/admin/analytics/real-time", {}, { everyMs: EVERY_MS });
  return (
    <section aria-label={t.title}>
      <QueryView query={live} height={104}>
        {({ activeNow, configuring, queueDepth, oldestUnprocessedAt, stale, asOf, meta }) => (
          <>
            {stale && <Alert color="yellow">{t.stale}</Alert>}
            <SimpleGrid cols={{ base: 1, xs: 3 }}>
              <Metric
                name={t.active}
                text={t.activeText}
                meta={meta}
                value={formats.count(activeNow)}
              />
              <Metric
                name={t.configuring}
                text={t.configuringText}
                meta={meta}
                value={formats.count(configuring.length)}
              />
              <Metric
                name={t.queue}
                text={t.queueText}
                meta={meta}
                value={formats.count(queueDepth)}
                {...(oldestUnprocessedAt
                  ? { detail: t.oldest(formats.ago(oldestUnprocessedAt, Date.parse(asOf))) }
                  : {})}
              />
            </SimpleGrid>
            {configuring.length > 0 && (
              <Anchor component={PageLink} to="/live" size="sm" mt={-8}>
                {t.who}
              </Anchor>
            )}
          </>
        )}
      </QueryView>
    </section>
  );
}
