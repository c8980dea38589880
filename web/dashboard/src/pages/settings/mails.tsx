// Which mails one gets and in which language; trying whether they arrive; what is on its way.

import { Badge, Button, Group, Select, Stack, Switch, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import { type Column, DataTable } from "../../components/data-table";
import { ProblemAlert } from "../../components/problem-alert";
import { Empty, QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Subscription = Schema<"Subscription">;
type Message = Schema<"NotificationView">;

const SUBSCRIPTIONS = "/api/admin/notifications/subscriptions";
const OUTBOX = "/api/admin/notifications";
const LANGUAGES = ["de", "en"] as const;
const EVERY_MS = 15_000;

/** Three tiles. */
export function Mails() {
  const mayRead = useMay("analytics:read");
  const mayTest = useMay("alerts:write");
  return (
    <Stack maw={1100}>
      <Subscriptions />
      {mayTest && <TryOut />}
      {mayRead && <Outbox />}
    </Stack>
  );
}

function Subscriptions() {
  const t = useTexts(texts).mails;
  const subscriptions = useRead(SUBSCRIPTIONS, {});
  const save = useChange(
    (subscription: Subscription) =>
      api.PUT(SUBSCRIPTIONS, { body: { subscriptions: [subscription] } }),
    [SUBSCRIPTIONS],
  );
  const change = (subscription: Subscription) =>
    save.mutate(subscription, {
      onSuccess: () => notifications.show({ color: "green", message: t.saved }),
    });
  return (
    <Tile title={t.title}>
      <Text size="sm" c="dimmed" mb="sm">
        {t.text}
      </Text>
      {save.error && <ProblemAlert problem={save.error} />}
      <QueryView query={subscriptions}>
        {(data) => (
          <Table>
            <Table.Tbody>
              {data.subscriptions.map((each) => (
                <SubscriptionRow
                  key={each.kind}
                  subscription={each}
                  busy={save.isPending}
                  onChange={change}
                />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </QueryView>
    </Tile>
  );
}

function SubscriptionRow(props: {
  subscription: Subscription;
  busy: boolean;
  onChange: (subscription: Subscription) => void;
}) {
  const t = useTexts(texts).mails;
  const { subscription, busy, onChange } = props;
  const kinds: Readonly<Record<string, string>> = t.kinds;
  const name = kinds[subscription.kind] ?? subscription.kind;
  return (
    <Table.Tr>
      <Table.Td>
        <Switch
          label={name}
          checked={subscription.enabled}
          disabled={busy}
          onChange={(event) => onChange({ ...subscription, enabled: event.currentTarget.checked })}
        />
      </Table.Td>
      <Table.Td>
        <Select
          aria-label={t.languageOf(name)}
          allowDeselect={false}
          disabled={busy}
          w={130}
          value={subscription.language}
          data={LANGUAGES.map((value) => ({ value, label: t.languages[value] }))}
          onChange={(language) => language && onChange({ ...subscription, language })}
        />
      </Table.Td>
    </Table.Tr>
  );
}

function TryOut() {
  const t = useTexts(texts).mails;
  const test = useChange(
    (channel: Schema<"TestChannel">) =>
      api.POST("/api/admin/notifications/test", { body: { channel } }),
    [OUTBOX],
  );
  const send = (channel: Schema<"TestChannel">) =>
    test.mutate(channel, {
      onSuccess: () => notifications.show({ color: "green", message: t.queued }),
    });
  return (
    <Tile title={t.test}>
      <Stack align="flex-start">
        <Text size="sm" c="dimmed">
          {t.testText}
        </Text>
        <Group>
          <Button variant="default" disabled={test.isPending} onClick={() => send("mail")}>
            {t.testMail}
          </Button>
          <Button variant="default" disabled={test.isPending} onClick={() => send("webhook")}>
            {t.testWebhook}
          </Button>
        </Group>
        {test.error && <ProblemAlert problem={test.error} />}
      </Stack>
    </Tile>
  );
}

function Outbox() {
  const t = useTexts(texts).mails;
  const outbox = useRead(OUTBOX, {}, { everyMs: EVERY_MS });
  const columns = useColumns();
  return (
    <Tile title={t.outbox}>
      <Stack>
        <Text size="sm" c="dimmed">
          {t.outboxText}
        </Text>
        <QueryView
          query={outbox}
          isEmpty={(data) => data.notifications.length === 0}
          empty={<Empty title={t.none}>{t.noneHint}</Empty>}
        >
          {(data) => (
            <DataTable
              label={t.outbox}
              columns={columns}
              rows={data.notifications}
              rowKey={({ id }) => id}
              maxHeight={420}
            />
          )}
        </QueryView>
      </Stack>
    </Tile>
  );
}

function useColumns(): readonly Column<Message>[] {
  const t = useTexts(texts).mails;
  const formats = useFormats();
  return useMemo(() => {
    const kinds: Readonly<Record<string, string>> = t.kinds;
    const channels: Readonly<Record<string, string>> = t.channels;
    const states: Readonly<Record<string, string>> = t.states;
    return [
      { id: "kind", header: t.kind, value: ({ kind }) => kinds[kind] ?? kind },
      { id: "recipient", header: t.recipient, value: ({ recipient }) => recipient },
      { id: "channel", header: t.channel, value: ({ channel }) => channels[channel] ?? channel },
      {
        id: "state",
        header: t.state,
        value: ({ state }) => state,
        cell: ({ state, attempts, lastError, nextAttemptAt }) => (
          <>
            <Badge size="sm" variant="outline" color="gray" c="inherit">
              {states[state] ?? state}
            </Badge>
            {attempts > 0 && (
              <Text size="xs" c="dimmed">
                {t.attempts(attempts)}
                {state === "queued" && nextAttemptAt
                  ? `, ${t.next(formats.dateTime(nextAttemptAt))}`
                  : ""}
              </Text>
            )}
            {lastError && (
              <Text size="xs" c="var(--mantine-color-error)" maw={320}>
                {lastError}
              </Text>
            )}
          </>
        ),
      },
      {
        id: "made",
        header: t.made,
        value: ({ createdAt }) => createdAt,
        instant: formats.dateTime,
      },
      { id: "sent", header: t.sent, value: ({ sentAt }) => sentAt, instant: formats.dateTime },
    ];
  }, [t, formats]);
}
