// Pages with clicks, to choose one.

import { Anchor } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { ClickBars } from "./click-bars";
import { DEFAULTS, type StateProps } from "./state";
import { texts } from "./texts";

type ClickedPage = Schema<"ClickedPage">;

/** The pages, the most clicked first. */
export function Pages({ report, onChange }: StateProps & { report: Schema<"Heatmap"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const pages = report.pages ?? [];
  const columns = useMemo<readonly Column<ClickedPage>[]>(() => {
    const count = (id: "clicks" | "rage" | "dead" | "elements", header: string) => ({
      id,
      header,
      align: "right" as const,
      value: (row: ClickedPage) => row[id],
      cell: (row: ClickedPage) => formats.count(row[id]),
    });
    return [
      {
        id: "page",
        header: t.page,
        value: ({ page }) => page,
        cell: ({ page }) => (
          <Anchor
            component="button"
            ta="left"
            size="sm"
            aria-label={t.openPage(page)}
            onClick={() => onChange({ ...DEFAULTS, page })}
          >
            {page}
          </Anchor>
        ),
      },
      count("clicks", t.clicks),
      count("rage", t.rage),
      count("dead", t.dead),
      count("elements", t.elements),
    ];
  }, [t, formats, onChange]);
  const rows = useMemo(
    () => pages.map(({ page, ...counts }) => ({ name: page, ...counts })),
    [pages],
  );
  return (
    <Tile
      title={t.pages}
      aside={<Definition name={t.pages} text={t.pagesText} meta={report.meta} />}
    >
      <ClickBars
        label={t.clicksByPage}
        heading={t.page}
        rows={rows}
        onSelect={(page) => onChange({ ...DEFAULTS, page })}
      />
      <DataTable
        label={t.pages}
        columns={columns}
        rows={pages}
        rowKey={({ page }) => page}
        maxHeight={480}
      />
    </Tile>
  );
}
