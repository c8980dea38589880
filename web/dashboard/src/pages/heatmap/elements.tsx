// Elements of a page with clicks, to choose the one that the map shows.

import { Anchor, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { ClickBars } from "./click-bars";
import type { StateProps } from "./state";
import { texts } from "./texts";

type Element = Schema<"ClickedElement">;

/** The elements, the most clicked first. */
export function Elements(
  props: StateProps & {
    report: Schema<"Heatmap">;
    /** The element that the map shows. */
    element: string;
  },
) {
  const t = useTexts(texts);
  const { report, element, onChange } = props;
  const elements = report.elements ?? [];
  const columns = useColumns(element, onChange);
  const rows = useMemo(
    () => elements.map(({ elementId, ...counts }) => ({ name: elementId, ...counts })),
    [elements],
  );
  if (elements.length === 0) return null;
  return (
    <Tile
      title={t.elements}
      aside={<Definition name={t.elements} text={t.elementsText} meta={report.meta} />}
    >
      <ClickBars
        label={t.clicksByElement}
        heading={t.element}
        rows={rows}
        onSelect={(chosen) => onChange({ element: chosen, layer: "" })}
      />
      <DataTable
        label={t.elements}
        columns={columns}
        rows={elements}
        rowKey={({ elementId }) => elementId}
        maxHeight={480}
      />
    </Tile>
  );
}

function useColumns(element: string, onChange: StateProps["onChange"]): readonly Column<Element>[] {
  const t = useTexts(texts);
  const { notSet } = useTexts(common);
  const formats = useFormats();
  return useMemo(() => {
    const count = (id: "clicks" | "rage" | "dead" | "placeless", header: string) => ({
      id,
      header,
      align: "right" as const,
      value: (row: Element) => row[id],
      cell: (row: Element) => formats.count(row[id]),
    });
    return [
      {
        id: "element",
        header: t.element,
        value: ({ elementId }) => elementId,
        cell: ({ elementId }) => {
          const name = elementId === "(not set)" ? notSet : elementId;
          if (elementId === element) {
            return (
              <Text size="sm" fw={700} aria-current="true">
                {name}
              </Text>
            );
          }
          return (
            <Anchor
              component="button"
              ta="left"
              size="sm"
              aria-label={t.showElement(name)}
              onClick={() => onChange({ element: elementId, layer: "" })}
            >
              {name}
            </Anchor>
          );
        },
      },
      count("clicks", t.clicks),
      count("rage", t.rage),
      count("dead", t.dead),
      count("placeless", t.placeless),
    ];
  }, [t, notSet, formats, element, onChange]);
}
