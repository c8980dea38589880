// One's own sessions.

import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { useCallback, useMemo, useState } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { Confirm } from "../../components/confirm";
import { type Column, DataTable } from "../../components/data-table";
import { ProblemAlert } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { browserName } from "./browser-name";
import { texts } from "./texts";

type Session = Schema<"OwnSession">;

const PATH = "/api/admin/auth/sessions";

/** The sessions with buttons that end them. */
export function Sessions() {
  const t = useTexts(texts).sessions;
  const [asking, setAsking] = useState(false);
  const sessions = useRead(PATH, {});
  const end = useChange(
    (id: string | undefined) => api.DELETE(PATH, { params: { query: id ? { id } : {} } }),
    [PATH],
  );
  const { mutate } = end;
  const endOne = useCallback(
    (id: string) =>
      mutate(id, {
        onSuccess: () => notifications.show({ color: "green", message: t.ended }),
      }),
    [mutate, t],
  );
  const columns = useColumns(endOne);
  return (
    <Tile
      title={t.title}
      aside={
        (sessions.data?.length ?? 0) > 1 && (
          <Button size="xs" variant="default" miw="max-content" onClick={() => setAsking(true)}>
            {t.endOthers}
          </Button>
        )
      }
    >
      <Stack>
        <Text size="sm" c="dimmed">
          {t.text}
        </Text>
        {end.error && <ProblemAlert problem={end.error} />}
        <QueryView query={sessions}>
          {(data) => (
            <DataTable label={t.title} columns={columns} rows={data} rowKey={({ id }) => id} />
          )}
        </QueryView>
      </Stack>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={t.endOthersTitle}
        action={t.endOthers}
        danger
        onConfirm={async () => {
          await end.mutateAsync(undefined);
          notifications.show({ color: "green", message: t.ended });
        }}
      >
        <Text size="sm">{t.endOthersText}</Text>
      </Confirm>
    </Tile>
  );
}

function useColumns(onEnd: (id: string) => void): readonly Column<Session>[] {
  const t = useTexts(texts).sessions;
  const formats = useFormats();
  return useMemo(() => {
    const browserOf = ({ userAgent }: Session) => browserName(userAgent) ?? t.unknown;
    return [
      {
        id: "browser",
        header: t.browser,
        value: browserOf,
        cell: (session) => (
          <Group gap={6} title={session.userAgent ?? ""}>
            {browserOf(session)}
            {session.current && (
              <Badge size="xs" variant="outline" miw="max-content">
                {t.current}
              </Badge>
            )}
          </Group>
        ),
      },
      {
        id: "seen",
        header: t.seen,
        value: ({ lastSeenAt }) => lastSeenAt,
        instant: formats.dateTime,
      },
      {
        id: "began",
        header: t.began,
        value: ({ createdAt }) => createdAt,
        instant: formats.dateTime,
      },
      {
        id: "ends",
        header: t.ends,
        value: ({ expiresAt }) => expiresAt,
        instant: formats.dateTime,
      },
      {
        id: "end",
        header: t.end,
        sortable: false,
        value: () => null,
        cell: (session) =>
          !session.current && (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t.endOne(browserOf(session))}
              onClick={() => onEnd(session.id)}
            >
              {t.end}
            </Button>
          ),
      },
    ];
  }, [t, formats, onEnd]);
}
