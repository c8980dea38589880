// What a query has: a skeleton while it is read, an empty state, an error with retry, or its data.

import { Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import type { Problem } from "@nest-haus/api";
import { IconMoodEmpty } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useSetView } from "../app/navigation";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { ProblemAlert } from "./problem-alert";

/** What is shown of a query: of one by `useRead`, or by `useInfiniteQuery`. */
export interface Shown<Data> {
  data: Data | undefined;
  error: Problem | null;
  isFetching: boolean;
  isPlaceholderData: boolean;
  refetch: () => unknown;
}

/** What to show for a query. */
export interface QueryViewProps<Data> {
  query: Shown<Data>;
  /** Whether there is nothing to show. */
  isEmpty?: (data: Data) => boolean;
  /** What to do when there is nothing; a hint to choose a longer range, if left out. */
  empty?: ReactNode;
  /** What shows while it is read the first time; a block of `height` pixels (240), if left out. */
  skeleton?: ReactNode;
  height?: number;
  children: (data: Data) => ReactNode;
}

/** Shows a query's data. Older data stays, dimmed, while other data is read. */
export function QueryView<Data>(props: QueryViewProps<Data>) {
  const t = useTexts(common);
  const { query, isEmpty, empty, skeleton, height = 240, children } = props;
  if (query.data === undefined) {
    if (query.error) {
      return <ProblemAlert problem={query.error} onRetry={() => void query.refetch()} />;
    }
    return (
      <div role="status" aria-label={t.loading}>
        {skeleton ?? <Skeleton height={height} radius="md" />}
      </div>
    );
  }
  const dimmed = query.isPlaceholderData ? { opacity: 0.55 } : {};
  return (
    <Stack gap="md" aria-busy={query.isFetching} style={{ transition: "opacity 150ms", ...dimmed }}>
      {query.error && <ProblemAlert problem={query.error} onRetry={() => void query.refetch()} />}
      {isEmpty?.(query.data) ? (empty ?? <Empty />) : children(query.data)}
    </Stack>
  );
}

/** There is nothing to show: what that means, and what to do about it. */
export function Empty(props: { title?: string; children?: ReactNode; action?: EmptyAction }) {
  const t = useTexts(common);
  return (
    <Paper withBorder p="xl" bg="var(--nest-surface)">
      <Stack align="center" gap="xs">
        <IconMoodEmpty size={36} stroke={1.4} aria-hidden />
        <Text fw={600}>{props.title ?? t.empty}</Text>
        <Text c="dimmed" ta="center" component="div" maw="60ch">
          {props.children ?? t.emptyHint}
        </Text>
        {props.action && (
          <Group>
            <Button variant="default" onClick={props.action.onClick}>
              {props.action.label}
            </Button>
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

/** There is nothing in the range. `longer` names the button that shows the longest one. */
export function EmptyRange(props: { title: string; longer: string; children: ReactNode }) {
  const setView = useSetView();
  const { title, longer, children } = props;
  const action = { label: longer, onClick: () => setView({ timeRange: "90d" }) };
  return (
    <Empty title={title} action={action}>
      {children}
    </Empty>
  );
}

/** The one thing to do where there is nothing. */
export interface EmptyAction {
  label: string;
  onClick: () => void;
}
