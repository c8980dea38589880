// Configurations: which options are taken and regretted, which houses come out of it, what they cost.

import { Select, SimpleGrid } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, usePageState, useView } from "../../app/navigation";
import { resetOf } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { comparedQuery, rangeQuery } from "../../app/view";
import { type CatalogueNames, useCatalogueNames } from "../../components/catalogue-names";
import { changeOfCount } from "../../components/change";
import { ChoiceSelect } from "../../components/choice-select";
import { ExportMenu } from "../../components/export-menu";
import { FilterBar } from "../../components/filter-bar";
import { Page } from "../../components/page";
import { EmptyRange, QueryView } from "../../components/query-view";
import { Metric } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { Options } from "./options";
import { PopularConfigurations } from "./popular";
import { Prices } from "./prices";
import { BASES, fields, type StateProps } from "./state";
import { Switches } from "./switches";
import { texts } from "./texts";

/** The page. */
export default function ConfigurationsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state, setState] = usePageState(fields);
  const { basis, limit, repriced } = state;
  const asked = { ...rangeQuery(view), basis, limit: Number(limit) };
  const popular = useRead("/api/admin/analytics/popular-configs", asked);
  const prices = useRead("/api/admin/analytics/price-distribution", {
    ...comparedQuery(view),
    basis,
    ...(repriced ? { repriced } : {}),
  });
  const names = useNames(popular.data);
  const own = { state, onChange: setState };
  return (
    <Page
      title={pages.configurations}
      description={t.description}
      meta={popular.data?.meta}
      actions={<ExportMenu report="popular-configs" query={asked} />}
    >
      <Filters {...own} names={names} />
      <QueryView
        query={popular}
        height={420}
        isEmpty={({ sessions }) => sessions === 0}
        empty={
          <EmptyRange title={t.none} longer={t.showAll}>
            {t.noneHint}
          </EmptyRange>
        }
      >
        {(report) => (
          <>
            <Headline report={report} prices={prices.data} />
            <Options report={report} names={names} category={state.category} />
            <Prices query={prices} names={names} {...own} />
            <PopularConfigurations report={report} names={names} {...own} />
            <Switches report={report} names={names} category={state.category} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Filters({ state, onChange, names }: StateProps & { names: CatalogueNames }) {
  const t = useTexts(texts);
  const { basis, category } = state;
  const data = names.categories.map((value) => ({ value, label: names.category(value) }));
  return (
    <FilterBar onReset={resetOf(fields, state, onChange)}>
      <ChoiceSelect
        label={t.basis}
        words={BASES}
        names={t.bases}
        value={basis}
        onChange={(value) => onChange({ basis: value })}
      />
      <Select
        label={t.category}
        w={230}
        allowDeselect={false}
        value={category}
        onChange={(value) => onChange({ category: value ?? "" })}
        data={[{ value: "", label: t.allCategories }, ...data]}
      />
    </FilterBar>
  );
}

function Headline(props: {
  report: Schema<"PopularConfigs">;
  prices: Schema<"PriceDistribution"> | undefined;
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { report, prices } = props;
  const { sessions, votes, distinctConfigurations, meta } = report;
  const { currency, distribution, onRequest } = prices ?? report.prices;
  const { percentiles } = distribution;
  const comparison = prices?.comparison;
  return (
    <section aria-label={t.numbers}>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        <Metric
          name={t.sessions}
          text={t.sessionsText}
          meta={meta}
          value={formats.count(sessions)}
          {...(votes === sessions ? {} : { detail: t.votesDetail(formats.count(votes)) })}
        />
        <Metric
          name={t.distinct}
          text={t.distinctText}
          meta={meta}
          value={formats.count(distinctConfigurations)}
        />
        <Metric
          name={t.median}
          text={t.medianText}
          meta={prices?.meta ?? meta}
          value={formats.money(percentiles?.p50, currency)}
          detail={t.quartiles(
            formats.money(percentiles?.p25, currency),
            formats.money(percentiles?.p75, currency),
          )}
          change={comparison ? changeOfCount(comparison.changes?.p50, "neither") : undefined}
          before={comparison ? formats.money(comparison.percentiles?.p50, currency) : undefined}
        />
        <Metric
          name={t.onRequest}
          text={t.onRequestText}
          meta={prices?.meta ?? meta}
          value={formats.count(onRequest)}
          change={comparison ? changeOfCount(comparison.onRequest.change, "neither") : undefined}
          before={comparison ? formats.count(comparison.onRequest.before) : undefined}
        />
      </SimpleGrid>
    </section>
  );
}

/** The catalogue's names; those that the report knows of options that are no longer in it. */
function useNames(report: Schema<"PopularConfigs"> | undefined): CatalogueNames {
  const catalogue = useCatalogueNames();
  return useMemo(() => {
    const known = new Map(
      report?.options.map(({ category, option, name }) => [`${category}/${option}`, name]),
    );
    const others = report?.options.map(({ category }) => category) ?? [];
    return {
      ...catalogue,
      categories: [...new Set([...catalogue.categories, ...others])],
      option: (category, option) =>
        known.get(`${category}/${option}`) ?? catalogue.option(category, option),
    };
  }, [catalogue, report]);
}
