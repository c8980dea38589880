// The heat map: clicks by page and element, scroll depths, and where visitors get stuck.

import { Button, Select } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useRead } from "../../api/hooks";
import { usePageState, useView } from "../../app/navigation";
import { shellTexts } from "../../app/shell-texts";
import { rangeQuery } from "../../app/view";
import { ExportMenu } from "../../components/export-menu";
import { FilterBar } from "../../components/filter-bar";
import { Page } from "../../components/page";
import { Empty, EmptyRange, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { ElementMap } from "./element-map";
import { Elements } from "./elements";
import { Friction } from "./friction";
import { Pages } from "./pages";
import { Scroll } from "./scroll";
import { DEFAULTS, fields, type StateProps } from "./state";
import { texts } from "./texts";

/** The page. */
export default function HeatmapPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const view = useView();
  const [state, setState] = usePageState(fields);
  const range = rangeQuery(view);
  const everything = useRead("/api/admin/analytics/heatmap", range);
  const own = { state, onChange: setState };
  const asked = state.page ? { ...range, page: state.page } : range;
  const known = everything.data?.pages?.map(({ page }) => page) ?? [];
  return (
    <Page
      title={pages.heatmap}
      description={t.description}
      meta={everything.data?.meta}
      actions={<ExportMenu report="heatmap" query={asked} />}
    >
      <PageChoice {...own} known={known} />
      {state.page ? <OnePage {...own} /> : <AllPages {...own} query={everything} />}
    </Page>
  );
}

function PageChoice({ state, onChange, known }: StateProps & { known: readonly string[] }) {
  const t = useTexts(texts);
  const pages = [...new Set([...known, ...(state.page ? [state.page] : [])])];
  return (
    <FilterBar>
      <Select
        label={t.page}
        w={260}
        searchable
        allowDeselect={false}
        value={state.page}
        onChange={(page) => onChange({ ...DEFAULTS, page: page ?? "" })}
        data={[
          { value: "", label: t.allPages },
          ...pages.map((page) => ({ value: page, label: page })),
        ]}
      />
      {state.page && (
        <Button
          variant="subtle"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          onClick={() => onChange(DEFAULTS)}
        >
          {t.allPagesAction}
        </Button>
      )}
    </FilterBar>
  );
}

type Everything = ReturnType<typeof useRead<"/api/admin/analytics/heatmap">>;

function AllPages({ state, onChange, query }: StateProps & { query: Everything }) {
  const t = useTexts(texts);
  return (
    <QueryView
      query={query}
      height={420}
      isEmpty={({ pages, indecision, quickBacks }) =>
        [pages, indecision, quickBacks].every((list) => !list?.length)
      }
      empty={
        <EmptyRange title={t.none} longer={t.longer}>
          {t.noneHint}
        </EmptyRange>
      }
    >
      {(report) => (
        <>
          <Pages report={report} state={state} onChange={onChange} />
          <Friction report={report} />
        </>
      )}
    </QueryView>
  );
}

function OnePage({ state, onChange }: StateProps) {
  const t = useTexts(texts);
  const range = rangeQuery(useView());
  const query = useRead("/api/admin/analytics/heatmap", { ...range, page: state.page });
  return (
    <QueryView
      query={query}
      height={420}
      isEmpty={({ elements, scroll }) => !elements?.length && !scroll?.length}
      empty={<Empty title={t.noneOnPage}>{t.noneOnPageHint}</Empty>}
    >
      {(report) => {
        const element = state.element || (report.elements?.[0]?.elementId ?? "");
        return (
          <>
            {element && !query.isPlaceholderData && (
              <ElementMap
                state={state}
                onChange={onChange}
                element={element}
                elements={report.elements ?? []}
              />
            )}
            <Elements report={report} element={element} state={state} onChange={onChange} />
            <Scroll report={report} />
          </>
        );
      }}
    </QueryView>
  );
}
