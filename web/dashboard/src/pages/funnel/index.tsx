// The funnel: which one, how far visits come in it, how long it takes, over time and by value.

import { SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useRead } from "../../api/hooks";
import { useFormats, usePageState, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { Metric, RateMetric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Breakdown } from "./breakdown";
import { Levels } from "./levels";
import { Lost } from "./lost";
import { useFunnelNames } from "./names";
import { Settings } from "./settings";
import { DEFAULTS, fields, queryOf } from "./state";
import { texts } from "./texts";
import { Times } from "./times";
import { Trend } from "./trend";

/** The page. */
export default function FunnelPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state, setState] = usePageState(fields);
  const funnel = useRead(
    "/api/admin/analytics/conversion-funnel",
    queryOf(comparedQuery(view), state),
  );
  const exported = queryOf({ ...rangeQuery(view), compare: "none" }, state);
  const names = useFunnelNames();
  return (
    <Page
      title={pages.funnel}
      description={t.description}
      meta={funnel.data?.meta}
      actions={<ExportMenu report="conversion-funnel" query={exported} />}
    >
      <Settings state={state} onChange={setState} />
      <QueryView
        query={funnel}
        height={420}
        isEmpty={({ steps }) => (steps[0]?.entered ?? 0) === 0}
        empty={
          <Empty
            title={t.none}
            {...(state.steps
              ? { action: { label: t.backToDefault, onClick: () => setState(DEFAULTS) } }
              : {})}
          >
            {t.noneHint}
          </Empty>
        }
      >
        {(report) => {
          const steps = names.steps(report.steps, state.steps);
          return (
            <>
              <Headline report={report} />
              <Levels report={report} steps={steps} />
              {report.breakdown && (
                <Breakdown report={report} breakdown={report.breakdown} steps={steps} />
              )}
              <SimpleGrid cols={{ base: 1, lg: 2 }}>
                <Trend report={report} steps={steps} />
                <Times report={report} steps={steps} />
              </SimpleGrid>
              <Lost report={report} steps={steps} names={names} />
            </>
          );
        }}
      </QueryView>
    </Page>
  );
}

function Headline({ report }: { report: Schema<"FunnelReport"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { meta, steps, comparison, excluded, unattributed, incomplete } = report;
  const last = steps[steps.length - 1];
  const time = last?.fromStart;
  const left = excluded + unattributed > 0;
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        <Metric
          name={t.entered}
          text={t.enteredText}
          meta={meta}
          value={formats.count(steps[0]?.entered)}
          {...(left
            ? { detail: t.enteredDetail(formats.count(excluded), formats.count(unattributed)) }
            : comparison
              ? { detail: `${t.before}: ${formats.count(comparison.entered[0])}` }
              : {})}
        />
        {last && (
          <RateMetric
            definition={{ name: t.converted, text: t.convertedText, meta }}
            rate={last.conversionRate}
            change={comparison?.conversionRateChange}
            before={comparison?.conversionRate}
          />
        )}
        <Metric
          name={t.timeToConvert}
          text={t.timeText}
          meta={meta}
          value={formats.duration(time?.p50Ms)}
          {...(time?.p50Ms == null
            ? {}
            : {
                detail: t.timeDetail(
                  formats.duration(time.p25Ms),
                  formats.duration(time.p75Ms),
                  formats.duration(time.p90Ms),
                ),
              })}
        />
        <Metric
          name={t.incomplete}
          text={t.incompleteText}
          meta={meta}
          value={formats.count(incomplete[0])}
        />
      </SimpleGrid>
    </section>
  );
}
