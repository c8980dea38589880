// Why a change was not taken: somebody published meanwhile, or lists wait that would undo it.

import { Button, Stack, Text } from "@mantine/core";
import { fieldsOf, listOf, numberOf, type Problem, type Schema, textOf } from "@nest-haus/api";
import { useFormats } from "../../app/navigation";
import { Notice } from "../../components/notice";
import { useTexts } from "../../i18n/texts";
import { ChangesTable } from "./changes";
import type { Names } from "./names";
import { texts } from "./texts";

/** Explains a refusal with status 409. Nothing that was typed is lost by going on upon the new version. */
export function Conflict(props: { problem: Problem; names: Names; onTakeOver: () => void }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const conflict = fieldsOf(props.problem.conflict);
  const waiting = listOf(conflict.scheduled);
  if (waiting.length > 0) {
    return (
      <Notice tone="warning" role="alert" title={t.waitingTitle}>
        {t.waitingText(waiting.join(", "))}
      </Notice>
    );
  }
  const latest = numberOf(conflict.latestVersion);
  const changes = listOf(conflict.changes).filter(isPriceChange);
  return (
    <Notice tone="warning" role="alert" title={t.conflictTitle}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          {t.conflictText(
            latest ?? 0,
            textOf(conflict.publishedBy) ?? "–",
            formats.dateTime(textOf(conflict.publishedAt)),
          )}
        </Text>
        {changes.length > 0 && <ChangesTable changes={changes} names={props.names} />}
        <Button size="xs" variant="default" onClick={props.onTakeOver}>
          {t.takeOver}
        </Button>
      </Stack>
    </Notice>
  );
}

function isPriceChange(value: unknown): value is Schema<"CatalogueChange"> {
  const { kind, category, option } = fieldsOf(value);
  return kind === "price" && typeof category === "string" && typeof option === "string";
}
