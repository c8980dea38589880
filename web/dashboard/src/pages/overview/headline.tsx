// The headline numbers of the period, each against the period compared with.

import { SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useFormats } from "../../app/navigation";
import { changeOfCount, ratioChange } from "../../components/change";
import { Metric, RateMetric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** Visits, three conversion rates, revenue, bounces, duration, capture rate. */
export function Headline({ report }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        <Visits report={report} />
        <ConversionRates report={report} />
        <Revenue report={report} />
        <Behaviour report={report} />
      </SimpleGrid>
    </section>
  );
}

function Visits({ report: { current, previous, meta } }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  return (
    <Metric
      name={t.visits}
      text={t.visitsText}
      meta={meta}
      value={formats.count(current.visits)}
      detail={t.visitsDetail(formats.count(current.configuring))}
      change={previous ? changeOfCount(previous.changes.visits) : undefined}
      before={previous ? formats.count(previous.visits) : undefined}
    />
  );
}

function ConversionRates({ report: { current, previous, meta } }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const kinds = [
    { kind: "micro", name: t.micro, text: t.microText },
    { kind: "lead", name: t.lead, text: t.leadText },
    { kind: "macro", name: t.macro, text: t.macroText },
  ] as const;
  return kinds.map(({ kind, name, text }) => (
    <RateMetric
      key={kind}
      definition={{ name, text, meta }}
      rate={current.sessionConversion[kind]}
      change={previous?.changes.sessionConversion[kind]}
      before={previous?.sessionConversion[kind]}
    />
  ));
}

function Revenue({ report: { current, previous, meta } }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { netCents, orders, averageOrderCents } = current.revenue;
  return (
    <Metric
      name={t.revenue}
      text={t.revenueText}
      meta={meta}
      value={formats.money(netCents)}
      detail={t.revenueDetail(formats.count(orders), formats.money(averageOrderCents))}
      change={previous ? changeOfCount(previous.changes.netRevenue) : undefined}
      before={previous ? formats.money(previous.revenue.netCents) : undefined}
    />
  );
}

function Behaviour({ report: { current, previous, meta } }: { report: Schema<"Overview"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { p50Ms, p90Ms } = current.duration;
  const before = previous?.duration.p50Ms;
  return (
    <>
      <RateMetric
        definition={{ name: t.bounce, text: t.bounceText, meta }}
        rate={current.bounceRate}
        change={previous?.changes.bounceRate}
        before={previous?.bounceRate}
        better="down"
      />
      <Metric
        name={t.duration}
        text={t.durationText}
        meta={meta}
        value={formats.duration(p50Ms)}
        detail={t.durationDetail(formats.duration(p90Ms))}
        change={previous ? changeOfCount(ratioChange(p50Ms, before), "neither") : undefined}
        before={previous ? formats.duration(before) : undefined}
      />
      <RateMetric
        definition={{ name: t.capture, text: t.captureText, meta }}
        rate={current.captureRate}
        before={previous?.captureRate}
      />
    </>
  );
}
