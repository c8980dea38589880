// Data quality: what became of every event, prices, dead letters, and days counted anew.

import { Alert, Anchor, List, SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useRead } from "../../api/hooks";
import { PageLink, useFormats, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { rangeQuery } from "../../app/view";
import { Definition } from "../../components/definition";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { QueryView } from "../../components/query-view";
import { Metric, RateMetric, Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Balance } from "./balance";
import { DeadLetters } from "./dead-letters";
import { useSequenceBalance, useTransmissionBalance } from "./ledgers";
import { Prices } from "./prices";
import { Restatements } from "./restatements";
import { SessionLedger } from "./session-ledger";
import { texts } from "./texts";

type Report = Schema<"DataQuality">;

const READABLE = { title: { color: "var(--mantine-color-text)" } };

/** The page. */
export default function DataQualityPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const range = rangeQuery(useView());
  const report = useRead("/api/admin/analytics/data-quality", range);
  return (
    <Page
      title={pages.dataQuality}
      description={t.description}
      meta={report.data?.meta}
      actions={<ExportMenu report="data-quality" query={range} />}
    >
      <QueryView query={report} height={520}>
        {(data) => (
          <>
            <Verdict report={data} />
            <Headline report={data} />
            <Ledgers report={data} />
            <DeadLetters meta={data.meta} />
            <SimpleGrid cols={{ base: 1, lg: 2 }}>
              <SessionLedger />
              <Prices report={data} />
              <Restatements report={data} />
            </SimpleGrid>
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Verdict({ report: { closed, ledger } }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const Sign = closed ? IconCircleCheck : IconAlertTriangle;
  return (
    <Alert
      color={closed ? "green" : "yellow"}
      icon={<Sign aria-hidden />}
      title={`${closed ? t.closed : t.open} · ${t.asOf(formats.dateTime(ledger.asOf))}`}
      styles={READABLE}
    >
      {closed ? t.closedText : t.openText} {ledger.moving && t.moving}{" "}
      {ledger.queueCut && t.queueCut}
    </Alert>
  );
}

function Headline({ report }: { report: Report }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { captureRate, ledger, prices, meta } = report;
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        <RateMetric
          rate={captureRate}
          definition={{ name: t.capture, text: t.captureText, meta }}
        />
        <Metric
          name={t.unknown}
          text={t.unknownText}
          meta={meta}
          value={formats.count(ledger.sequences.unknown)}
          detail={t.overcounted(formats.count(ledger.sequences.overcounted))}
        />
        <Metric
          name={t.unnumbered}
          text={t.unnumberedText}
          meta={meta}
          value={formats.count(ledger.unaccountable)}
          detail={t.direct(formats.count(ledger.receivedDirectly))}
        />
        <RateMetric
          rate={prices.mismatchRate}
          better="down"
          definition={{ name: t.prices, text: t.pricesText, meta }}
        />
      </SimpleGrid>
    </section>
  );
}

function Ledgers({ report: { ledger, meta } }: { report: Report }) {
  const t = useTexts(texts);
  const transmissions = useTransmissionBalance();
  const sequences = useSequenceBalance();
  return (
    <>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Tile
          title={t.transmissions}
          aside={<Definition name={t.transmissions} text={t.transmissionsText} meta={meta} />}
        >
          <Balance {...transmissions(ledger.transmissions)} hasChart />
        </Tile>
        <Tile
          title={t.sequences}
          aside={<Definition name={t.sequences} text={t.sequencesText} meta={meta} />}
        >
          <Balance {...sequences(ledger.sequences)} hasChart />
        </Tile>
      </SimpleGrid>
      {ledger.unbalancedSessions.length > 0 && (
        <Tile title={t.unbalanced}>
          <List size="sm">
            {ledger.unbalancedSessions.map((id) => (
              <List.Item key={id}>
                <Anchor size="sm" component={PageLink} to="/sessions/$id" params={{ id }}>
                  {id}
                </Anchor>
              </List.Item>
            ))}
          </List>
        </Tile>
      )}
    </>
  );
}
