// The frame of a page's content: title, what it is about, actions, how complete its numbers are.

import { ActionIcon, Group, Stack, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { useFocusOnArrival } from "./arrival";
import { Hint } from "./hint";
import { type ReportMeta, Watermark } from "./watermark";

/** What a page may show around its content. */
export interface PageProps {
  /** Its heading, and the document's title. */
  title: string;
  /** One sentence about what it answers. */
  description?: string;
  /** Buttons beside the title: an `ExportMenu`, for example. */
  actions?: ReactNode;
  /** The `meta` of the page's main report: says how complete it is. */
  meta?: ReportMeta | undefined;
  children?: ReactNode;
}

/**
 * A page. It names the document, and takes the focus when one comes from another page, so that screen
 * readers say where one is. Its refresh button reads everything on the page anew.
 */
export function Page({ title, description, actions, meta, children }: PageProps) {
  const heading = useFocusOnArrival();
  return (
    <Stack gap="md" maw={1600} mx="auto">
      <title>{`${title} · NEST-Haus`}</title>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: "none" }}>
            {title}
          </Title>
          {description && (
            <Text c="dimmed" maw="70ch">
              {description}
            </Text>
          )}
        </div>
        <Group gap="xs">
          {actions}
          <RefreshButton />
        </Group>
      </Group>
      {meta && <Watermark meta={meta} />}
      {children}
    </Stack>
  );
}

function RefreshButton() {
  const t = useTexts(common);
  const queries = useQueryClient();
  const fetching = useIsFetching() > 0;
  return (
    <Hint label={t.refresh}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t.refresh}
        aria-busy={fetching}
        onClick={() => void queries.invalidateQueries()}
      >
        <IconRefresh size={18} aria-hidden />
      </ActionIcon>
    </Hint>
  );
}
