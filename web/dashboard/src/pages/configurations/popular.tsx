// The configurations with the most votes, and all others together.

import { Select, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import type { CatalogueNames } from "../../components/catalogue-names";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { RateCell } from "../../components/rate-cell";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { TrendCell } from "./options";
import { LIMITS, type StateProps } from "./state";
import { texts } from "./texts";

/** A configuration, or those that are not listed. */
interface Row {
  key: string;
  size: string;
  others: string;
  votes: number;
  share: Schema<"Rate">;
  configuration: Schema<"PopularConfiguration"> | undefined;
}

/** The list, as long as the reader wants it. */
export function PopularConfigurations(
  props: StateProps & { report: Schema<"PopularConfigs">; names: CatalogueNames },
) {
  const t = useTexts(texts);
  const { report, names, state, onChange } = props;
  const rows = useRows(report, names);
  const columns = useColumns();
  return (
    <Tile
      title={t.configurations}
      aside={<Definition name={t.configurations} text={t.configurationsText} meta={report.meta} />}
    >
      <Select
        label={t.shown}
        w={110}
        mb="sm"
        allowDeselect={false}
        value={state.limit}
        onChange={(limit) => limit && onChange({ limit })}
        data={[...LIMITS]}
      />
      <DataTable
        label={t.configurations}
        columns={columns}
        rows={rows}
        rowKey={({ key }) => key}
        maxHeight={720}
      />
    </Tile>
  );
}

function useRows(report: Schema<"PopularConfigs">, names: CatalogueNames): readonly Row[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(() => {
    const listed = report.configurations.map((configuration): Row => {
      const { configurationHash, votes, share } = configuration;
      const choices = choicesOf(configuration, names);
      return { key: configurationHash, ...choices, votes, share, configuration };
    });
    const { other } = report;
    if (!other || other.configurations === 0) return listed;
    const { configurations, votes, share } = other;
    const size = t.others(formats.count(configurations));
    return [...listed, { key: "other", size, others: "", votes, share, configuration: undefined }];
  }, [report, names, t, formats]);
}

function useColumns(): readonly Column<Row>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: "house",
        header: t.house,
        value: ({ size }) => size,
        cell: ({ size, others }) => (
          <>
            <Text size="sm" fw={600}>
              {size}
            </Text>
            <Text size="xs" c="dimmed" miw={220}>
              {others}
            </Text>
          </>
        ),
      },
      { id: "votes", header: t.votes, value: ({ votes }) => votes, format: formats.count },
      {
        id: "share",
        header: t.share,
        align: "right",
        value: ({ share }) => share.value,
        cell: ({ share }) => <RateCell rate={share} />,
      },
      {
        id: "conversion",
        header: t.conversion,
        align: "right",
        value: ({ configuration }) => configuration?.conversionRate.value,
        cell: ({ configuration }) => <RateCell rate={configuration?.conversionRate} />,
      },
      {
        id: "median",
        header: t.medianPrice,
        value: ({ configuration }) => configuration?.medianPriceCents,
        format: formats.money,
      },
      {
        id: "current",
        header: t.currentPrice,
        value: ({ configuration }) => configuration?.currentPriceCents,
        format: formats.money,
      },
      {
        id: "trend",
        header: t.trend,
        align: "right",
        value: ({ configuration }) => configuration?.trend.z,
        cell: ({ configuration }) =>
          configuration ? <TrendCell trend={configuration.trend} /> : "–",
      },
      {
        id: "seen",
        header: t.lastSeen,
        align: "right",
        value: ({ configuration }) => configuration?.lastSeenAt,
        instant: formats.dateTime,
      },
    ],
    [t, formats],
  );
}

/** The house's size, and what else was chosen, as visitors call it. */
function choicesOf({ selections }: Schema<"PopularConfiguration">, names: CatalogueNames) {
  const ordered = names.categories.filter((category) => category in selections);
  const others = ordered
    .filter((category) => category !== "nest")
    .map((category) => writeChoice(category, selections[category], names));
  return { size: writeChoice("nest", selections.nest, names), others: others.join(", ") };
}

function writeChoice(
  category: string,
  choice: Schema<"Choice"> | undefined,
  names: CatalogueNames,
): string {
  if (!choice) return "–";
  const name = names.option(category, choice.option);
  return choice.quantity == null ? name : `${choice.quantity} × ${name}`;
}
