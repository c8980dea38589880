// What each value is credited with, by every model side by side.

import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { changeOfCount, changeOfRate } from "../../components/change";
import { type Column, DataTable } from "../../components/data-table";
import { ChangeLine } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { type Attributed, type Measure, type Model, modelsOf } from "./credits";
import { texts } from "./texts";

/** How the table is asked for. */
export interface CreditTableProps {
  rows: readonly Attributed[];
  measure: Measure;
  /** The model compared; nothing where no period is compared. */
  compared: Model | undefined;
  valueName: (value: string) => string;
}

/** The table. */
export function CreditTable(props: CreditTableProps) {
  const t = useTexts(texts);
  const columns = useColumns(props);
  return (
    <DataTable
      label={t.table}
      columns={columns}
      rows={props.rows}
      rowKey={({ value }) => value}
      maxHeight={640}
    />
  );
}

/** Writes credits of a measure. */
export function useCreditFormat(measure: Measure): (credit: number | null | undefined) => string {
  const formats = useFormats();
  return useMemo(
    () =>
      measure === "conversions"
        ? (credit) => formats.decimal(credit, 1)
        : (credit) => formats.money(credit),
    [measure, formats],
  );
}

function useColumns(props: CreditTableProps): readonly Column<Attributed>[] {
  const { rows, measure, compared, valueName } = props;
  const t = useTexts(texts);
  const formats = useFormats();
  const write = useCreditFormat(measure);
  return useMemo(() => {
    return [
      { id: "value", header: t.value, value: ({ value }) => valueName(value) },
      { id: "visits", header: t.visits, value: ({ visits }) => visits, format: formats.count },
      {
        id: "rate",
        header: t.rate,
        align: "right",
        value: ({ conversionRate }) => conversionRate.value,
        cell: ({ conversionRate: rate }) => (
          <>
            {formats.share(rate.value)}
            <Text size="xs" c="dimmed">
              {formats.interval(rate.ciLow, rate.ciHigh)}
            </Text>
          </>
        ),
      },
      ...modelsOf(rows).map(
        (model): Column<Attributed> => ({
          id: model,
          header: t.models[model],
          value: ({ credits }) => credits[model]?.[measure],
          format: write,
        }),
      ),
      ...(compared
        ? [
            {
              id: "change",
              header: t.change(t.models[compared]),
              value: ({ before }: Attributed) => before?.credits[compared]?.[measure].change,
              cell: ({ before }: Attributed) => {
                const then = before?.credits[compared]?.[measure];
                return then && <Changed change={then.change} before={write(then.before)} />;
              },
            },
            {
              id: "visitsChange",
              header: t.visitsChange,
              value: ({ before }: Attributed) => before?.visits.change,
              cell: ({ before }: Attributed) =>
                before && (
                  <Changed
                    change={before.visits.change}
                    before={formats.count(before.visits.before)}
                  />
                ),
            },
            {
              id: "rateChange",
              header: t.rateChange,
              value: ({ before }: Attributed) => before?.conversionRate.change.points,
              cell: ({ before }: Attributed) =>
                before && (
                  <ChangeLine
                    change={changeOfRate(before.conversionRate.change)}
                    before={formats.share(before.conversionRate.before.value)}
                  />
                ),
            },
          ]
        : []),
    ];
  }, [rows, measure, compared, valueName, t, formats, write]);
}

function Changed({ change, before }: { change: number | null | undefined; before: string }) {
  return <ChangeLine change={changeOfCount(change)} before={before} />;
}
