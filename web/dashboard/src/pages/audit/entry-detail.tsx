// More about an entry of the audit log: its fields, each on a line.

import { Button, Code, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { fieldsOf } from "@nest-haus/api";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** Opens within the row. */
export function EntryDetail({ seq, detail }: { seq: number; detail: unknown }) {
  const t = useTexts(texts);
  const [opened, { toggle }] = useDisclosure(false);
  const facts = Object.entries(fieldsOf(detail)).filter(([, value]) => value !== null);
  if (facts.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        {t.nothing}
      </Text>
    );
  }
  return (
    <Stack gap={4} align="flex-start">
      <Button
        size="compact-xs"
        variant="subtle"
        aria-expanded={opened}
        aria-label={`${opened ? t.hideDetail : t.show}: ${t.ofEntry(String(seq))}`}
        onClick={toggle}
      >
        {opened ? t.hideDetail : t.show}
      </Button>
      {opened &&
        facts.map(([name, value]) => (
          <Text key={name} size="xs" maw={480} style={{ overflowWrap: "anywhere" }}>
            {name}: <Code>{typeof value === "string" ? value : JSON.stringify(value)}</Code>
          </Text>
        ))}
    </Stack>
  );
}
