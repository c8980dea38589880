// The configurations chosen most often.

import { Badge, Group, Text } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Configuration = Schema<"PopularConfiguration">;

/** The first few of them, with price and conversion. */
export function TopConfigurations(props: {
  popular: UseQueryResult<Schema<"PopularConfigs">, Problem>;
}) {
  const t = useTexts(texts);
  const { popular } = props;
  const names = useMemo(() => namesOf(popular.data?.options), [popular.data]);
  const columns = useColumns(names);
  return (
    <Tile
      title={t.popular}
      aside={
        popular.data && (
          <Definition name={t.popular} text={t.popularText} meta={popular.data.meta} />
        )
      }
    >
      <QueryView query={popular} isEmpty={({ configurations }) => configurations.length === 0}>
        {({ configurations }) => (
          <DataTable
            label={t.popular}
            columns={columns}
            rows={configurations}
            rowKey={({ configurationHash }) => configurationHash}
          />
        )}
      </QueryView>
    </Tile>
  );
}

function useColumns(names: ReadonlyMap<string, string>): readonly Column<Configuration>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  return useMemo(
    () => [
      {
        id: "size",
        header: t.size,
        value: (row) => choicesOf(row, names).size,
        cell: (row) => <Choices {...choicesOf(row, names)} />,
      },
      {
        id: "votes",
        header: t.votes,
        align: "right",
        value: ({ votes }) => votes,
        cell: ({ votes, trend }) => (
          <Group gap={6} justify="flex-end" wrap="nowrap">
            {trend.trending && (
              <Badge size="xs" variant="outline">
                {t.trending}
              </Badge>
            )}
            {formats.count(votes)}
          </Group>
        ),
      },
      {
        id: "price",
        header: t.price,
        value: ({ medianPriceCents }) => medianPriceCents,
        format: formats.money,
      },
      {
        id: "conversion",
        header: t.conversion,
        align: "right",
        value: ({ conversionRate }) => conversionRate.value,
        cell: ({ conversionRate: { num, den } }) => `${formats.count(num)} / ${formats.count(den)}`,
      },
    ],
    [t, formats, names],
  );
}

function Choices({ size, others }: { size: string; others: string }) {
  return (
    <>
      <Text size="sm" fw={600}>
        {size}
      </Text>
      <Text size="xs" c="dimmed" maw={280} lineClamp={2} title={others}>
        {others}
      </Text>
    </>
  );
}

/** The house's size, and what else was chosen, as visitors call it. */
function choicesOf({ selections }: Configuration, names: ReadonlyMap<string, string>) {
  const called = (category: string, option: string) => names.get(`${category}/${option}`) ?? option;
  const chosen = Object.entries(selections);
  const others = chosen.filter(([category]) => category !== "nest");
  return {
    size: selections.nest ? called("nest", selections.nest.option) : "–",
    others: others.map(([category, { option }]) => called(category, option)).join(", "),
  };
}

function namesOf(options: readonly Schema<"PopularOption">[] = []): ReadonlyMap<string, string> {
  return new Map(
    options.flatMap(({ category, option, name }) =>
      name ? [[`${category}/${option}`, name] as const] : [],
    ),
  );
}
