// Sessions: every visit of the period, by filters, in one of three orders, page by page.

import { Button, Group, Text } from "@mantine/core";
import { useFormats, usePageState, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { rangeQuery } from "../../app/view";
import { Definition } from "../../components/definition";
import { ExportMenu } from "../../components/export-menu";
import { MoreButton } from "../../components/more-button";
import { Page } from "../../components/page";
import { Empty, EmptyRange, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { VisitFilterBar } from "./filter-fields";
import { fields, filterQuery, isPreset, noFilters, presets, type VisitFilters } from "./filters";
import { texts } from "./texts";
import { useVisits, type VisitPages } from "./use-visits";
import { VisitList } from "./visit-list";

const PRESETS = ["lostCarts", "dearWithoutCart", "longWithoutCart", "orders"] as const;

/** The page. */
export default function SessionsPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const range = rangeQuery(useView());
  const [filters, setFilters] = usePageState(fields);
  const query = { ...range, ...filterQuery(filters) };
  const visits = useVisits(query);
  return (
    <Page
      title={pages.sessions}
      description={t.description}
      meta={visits.data?.pages[0]?.meta}
      actions={<ExportMenu report="sessions" query={query} />}
    >
      <Presets filters={filters} onChange={setFilters} />
      <VisitFilterBar filters={filters} onChange={setFilters} />
      <QueryView
        query={visits}
        height={420}
        isEmpty={({ pages: [first] }) => first?.visits.length === 0}
        empty={<NoVisits filters={filters} onReset={() => setFilters(noFilters)} />}
      >
        {(data) => (
          <>
            <Counted data={data} />
            <VisitList
              visits={data.pages.flatMap((page) => page.visits)}
              sort={filters.sort}
              onSort={(sort) => setFilters({ sort })}
            />
            <Group justify="center">
              <MoreButton query={visits} label={t.loadMore} />
            </Group>
          </>
        )}
      </QueryView>
    </Page>
  );
}

/** Filters that are wanted often, one click each. */
function Presets(props: {
  filters: VisitFilters;
  onChange: (change: Partial<VisitFilters>) => void;
}) {
  const t = useTexts(texts);
  return (
    <Group gap="xs" role="group" aria-label={t.presets}>
      {PRESETS.map((name) => {
        const isSet = isPreset(props.filters, presets[name]);
        const off = { ...noFilters, sort: "newest" } as const;
        return (
          <Button
            key={name}
            size="compact-sm"
            variant={isSet ? "filled" : "default"}
            aria-pressed={isSet}
            onClick={() => props.onChange(isSet ? off : { ...off, ...presets[name] })}
          >
            {t.presetNames[name]}
          </Button>
        );
      })}
    </Group>
  );
}

function Counted({ data }: { data: VisitPages }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const [first] = data.pages;
  if (!first) return null;
  const shown = data.pages.reduce((sum, page) => sum + page.visits.length, 0);
  const all = formats.count(first.count);
  return (
    <Group gap={4} mb={-8}>
      <Text size="sm" role="status">
        {t.count(formats.count(shown), first.countIsLeast ? t.atLeast(all) : all)}
      </Text>
      <Definition name={t.list} text={t.listText} meta={first.meta} />
    </Group>
  );
}

/** Nothing passes: because of filters, or since nobody was there. */
function NoVisits({ filters, onReset }: { filters: VisitFilters; onReset: () => void }) {
  const t = useTexts(texts);
  if (isPreset(filters, { sort: filters.sort })) {
    return (
      <EmptyRange title={t.nobody} longer={t.longer}>
        {t.nobodyHint}
      </EmptyRange>
    );
  }
  return (
    <Empty title={t.none} action={{ label: t.resetFilters, onClick: onReset }}>
      {t.noneHint}
    </Empty>
  );
}
