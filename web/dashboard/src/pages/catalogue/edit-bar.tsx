// How many prices were changed, and what to do with the changes.

import { Button, Group, Paper, Text } from "@mantine/core";
import { useTexts } from "../../i18n/texts";
import classes from "./grid.module.css";
import { type Edits, unreadableCount } from "./prices";
import { texts } from "./texts";

/** A bar at the page's end while there are changes. */
export function EditBar(props: { edits: Edits; onDiscard: () => void; onReview: () => void }) {
  const t = useTexts(texts);
  const { edits } = props;
  const unreadable = unreadableCount(edits);
  if (edits.size === 0) return null;
  return (
    <Paper withBorder shadow="md" p="sm" bg="var(--nest-surface)" className={classes.bar ?? ""}>
      <Group justify="space-between">
        <Text
          size="sm"
          role="status"
          {...(unreadable > 0 ? { c: "var(--mantine-color-error)" } : {})}
        >
          {unreadable > 0 ? t.unreadable(unreadable) : t.changeCount(edits.size)}
        </Text>
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={props.onDiscard}>
            {t.discard}
          </Button>
          <Button size="xs" disabled={unreadable > 0} onClick={props.onReview}>
            {t.review}
          </Button>
        </Group>
      </Group>
    </Paper>
  );
}
