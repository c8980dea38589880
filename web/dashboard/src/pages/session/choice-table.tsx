// A configuration as a table: category and choice, and what has just changed.

import { Badge, Group, Table, Text, VisuallyHidden } from "@mantine/core";
import { type Choice, inCatalogueOrder, useCatalogueNames } from "../../components/catalogue-names";
import { useTexts } from "../../i18n/texts";
import { CategoryName, ChoiceName } from "./choice-name";
import type { ChoiceChange } from "./journey";
import { texts } from "./texts";

/** The choices in the order of the catalogue; beside those that changed, what was chosen before. */
export function ChoiceTable(props: {
  choices: readonly Choice[];
  changed: readonly ChoiceChange[];
}) {
  const t = useTexts(texts).moment;
  const names = useCatalogueNames();
  const inOrder = inCatalogueOrder(props.choices, names);
  const before = new Map(props.changed.map((change) => [change.category, change]));
  return (
    <Table variant="vertical" verticalSpacing={4} layout="fixed">
      <caption>
        <VisuallyHidden>{t.configuration}</VisuallyHidden>
      </caption>
      <Table.Tbody>
        {inOrder.map((choice) => {
          const change = before.get(choice.category);
          return (
            <Table.Tr key={choice.category}>
              <Table.Th scope="row" fw={400} w="42%" style={{ hyphens: "auto" }}>
                <CategoryName category={choice.category} names={names} />
              </Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <Group gap={6}>
                  <ChoiceName choice={choice} names={names} />
                  {change && (
                    <Badge size="sm" variant="light" c="var(--mantine-color-text)">
                      {t.changed}
                    </Badge>
                  )}
                </Group>
                {change?.from && (
                  <Text size="xs" c="dimmed" td="line-through">
                    <ChoiceName choice={change.from} names={names} />
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
