// Channels: to which visits carts, inquiries and orders are owed, by several models.

import { Alert, SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { changeOfCount } from "../../components/change";
import { Definition } from "../../components/definition";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { EmptyRange, QueryView } from "../../components/query-view";
import { Metric, Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { CreditChart } from "./credit-chart";
import { CreditTable } from "./credit-table";
import { attributedOf } from "./credits";
import { ChannelFilters, questionOf, useChannelState } from "./filters";
import { texts } from "./texts";

/** The page. */
export default function ChannelsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state] = useChannelState();
  const asked = questionOf(state);
  const report = useRead("/api/admin/analytics/attribution", { ...comparedQuery(view), ...asked });
  return (
    <Page
      title={pages.channels}
      description={t.description}
      meta={report.data?.meta}
      actions={<ExportMenu report="attribution" query={{ ...rangeQuery(view), ...asked }} />}
    >
      <ChannelFilters isCompared={view.compare !== "none"} />
      <QueryView
        query={report}
        height={520}
        isEmpty={({ values, total }) => values.length === 0 && total.conversions === 0}
        empty={
          <EmptyRange title={t.none} longer={t.longer}>
            {t.noneHint}
          </EmptyRange>
        }
      >
        {(data) => <Report report={data} />}
      </QueryView>
    </Page>
  );
}

function Report({ report }: { report: Schema<"AttributionReport"> }) {
  const t = useTexts(texts);
  const [{ measure, model }] = useChannelState();
  const valueName = useValueNames(report.by);
  const rows = useMemo(() => attributedOf(report), [report]);
  const hasConversions = report.total.conversions > 0;
  return (
    <>
      <Headline report={report} />
      {!hasConversions && <Alert color="gray">{t.noConversions}</Alert>}
      <Tile
        title={t.table}
        aside={<Definition name={t.table} text={t.tableText} meta={report.meta} />}
      >
        <CreditTable
          rows={rows}
          measure={measure}
          compared={report.comparison ? model : undefined}
          valueName={valueName}
        />
      </Tile>
      {hasConversions && (
        <Tile
          title={t.chart}
          aside={<Definition name={t.chart} text={t.chartText} meta={report.meta} />}
        >
          <CreditChart rows={rows.slice(0, -1)} measure={measure} valueName={valueName} />
        </Tile>
      )}
    </>
  );
}

function Headline({ report }: { report: Schema<"AttributionReport"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { meta, comparison, conversion, currency, total, unattributable: lost } = report;
  const before = comparison?.total;
  const names: Readonly<Record<string, string>> = t.conversions;
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Metric
          name={names[conversion] ?? t.total}
          text={t.totalText}
          meta={meta}
          value={formats.count(total.conversions)}
          change={before ? changeOfCount(before.conversions.change) : undefined}
          before={before ? formats.count(before.conversions.before) : undefined}
        />
        {conversion === "macro" && (
          <Metric
            name={t.revenue}
            text={t.revenueText}
            meta={meta}
            value={formats.money(total.revenueCents, currency)}
            change={before ? changeOfCount(before.revenueCents.change) : undefined}
            before={before ? formats.money(before.revenueCents.before, currency) : undefined}
          />
        )}
        <Metric
          name={t.unattributable}
          text={t.unattributableText}
          meta={meta}
          value={formats.count(lost.conversions)}
          {...(conversion === "macro"
            ? { detail: t.unattributableDetail(formats.money(lost.revenueCents, currency)) }
            : {})}
        />
      </SimpleGrid>
    </section>
  );
}

/** Names values: channels are words of the API, the rest is what addresses said. */
function useValueNames(by: string): (value: string) => string {
  const t = useTexts(texts);
  const { notSet } = useTexts(common);
  return useCallback(
    (value: string) => {
      if (value === "(not set)") return notSet;
      if (value === "(other)") return t.other;
      const channels: Readonly<Record<string, string>> = t.channels;
      return (by === "channel" ? channels[value] : undefined) ?? value;
    },
    [by, t, notSet],
  );
}
