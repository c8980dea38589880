// Messages: what one gets by mail, a test, and what became of messages.

import { Button, Group, Select, SimpleGrid, Stack, Switch, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { IconMailForward, IconWebhook } from "@tabler/icons-react";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useReadPages } from "../../api/pages";
import { useFormats, usePageState } from "../../app/navigation";
import { optionalChoice } from "../../app/page-state";
import { useMay } from "../../app/session";
import { OptionalChoiceSelect } from "../../components/choice-select";
import { type Column, DataTable } from "../../components/data-table";
import { MoreButton } from "../../components/more-button";
import { ProblemAlert } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const OUTBOX = "/api/admin/notifications";
const SUBSCRIPTIONS = "/api/admin/notifications/subscriptions";
const LANGUAGES = ["de", "en"] as const;
const STATES = ["queued", "sent", "failed", "withdrawn"] as const;
const PAGE = 50;
const EVERY_MS = 30_000;

const fields = { message: optionalChoice(STATES) };

/** What one gets by mail, whether it arrives, and all messages: as far as one may see that. */
export function MessagesPart() {
  const mayRead = useMay("analytics:read");
  const mayTest = useMay("alerts:write");
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, lg: mayTest ? 2 : 1 }}>
        <Mine />
        {mayTest && <Test />}
      </SimpleGrid>
      {mayRead && <Outbox />}
    </Stack>
  );
}

function useKindNames(): (kind: string) => string {
  const kinds: Readonly<Record<string, string>> = useTexts(texts).messages.kinds;
  return (kind) => kinds[kind] ?? kind;
}

function Mine() {
  const t = useTexts(texts).messages;
  const chosen = useRead(SUBSCRIPTIONS, {});
  const save = useChange(
    (subscription: Schema<"Subscription">) =>
      api.PUT(SUBSCRIPTIONS, { body: { subscriptions: [subscription] } }),
    [SUBSCRIPTIONS],
  );
  // What is being saved shows at once, as it was chosen.
  const onTheWay = save.isPending ? save.variables : undefined;
  const change = (subscription: Schema<"Subscription">) =>
    save.mutate(subscription, { onSuccess: () => notifications.show({ message: t.saved }) });
  return (
    <Tile title={t.mine}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t.mineText}
        </Text>
        <QueryView query={chosen}>
          {({ subscriptions }) =>
            subscriptions.map((each) => (
              <SubscriptionRow
                key={each.kind}
                subscription={onTheWay?.kind === each.kind ? onTheWay : each}
                isBusy={save.isPending}
                onChange={change}
              />
            ))
          }
        </QueryView>
        {save.error && <ProblemAlert problem={save.error} />}
      </Stack>
    </Tile>
  );
}

function SubscriptionRow(props: {
  subscription: Schema<"Subscription">;
  isBusy: boolean;
  onChange: (subscription: Schema<"Subscription">) => void;
}) {
  const t = useTexts(texts).messages;
  const { subscription, isBusy, onChange } = props;
  const name = useKindNames()(subscription.kind);
  return (
    <Group justify="space-between" gap="xs">
      <Switch
        label={name}
        checked={subscription.enabled}
        disabled={isBusy}
        onChange={(event) => onChange({ ...subscription, enabled: event.currentTarget.checked })}
      />
      <Select
        aria-label={t.language(name)}
        w={130}
        allowDeselect={false}
        disabled={isBusy}
        value={subscription.language}
        data={LANGUAGES.map((value) => ({ value, label: t.languages[value] }))}
        onChange={(language) => language && onChange({ ...subscription, language })}
      />
    </Group>
  );
}

function Test() {
  const t = useTexts(texts).messages;
  const test = useChange(
    (body: Schema<"TestMessage">) => api.POST("/api/admin/notifications/test", { body }),
    [OUTBOX],
  );
  const send = (channel: Schema<"TestChannel">) =>
    test.mutate({ channel }, { onSuccess: () => notifications.show({ message: t.testQueued }) });
  return (
    <Tile title={t.test}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t.testText}
        </Text>
        <Group gap="xs">
          <Button
            variant="default"
            loading={test.isPending}
            leftSection={<IconMailForward size={16} aria-hidden />}
            onClick={() => send("mail")}
          >
            {t.testMail}
          </Button>
          <Button
            variant="default"
            loading={test.isPending}
            leftSection={<IconWebhook size={16} aria-hidden />}
            onClick={() => send("webhook")}
          >
            {t.testWebhook}
          </Button>
        </Group>
        {test.error && <ProblemAlert problem={test.error} />}
      </Stack>
    </Tile>
  );
}

function Outbox() {
  const t = useTexts(texts);
  const [{ message }, setState] = usePageState(fields);
  const columns = useColumns();
  const asked = { limit: PAGE, ...(message ? { state: message } : {}) };
  const pages = useReadPages(
    OUTBOX,
    asked,
    ({ next: before }) => (before ? { before } : undefined),
    { everyMs: EVERY_MS },
  );
  const rows = useMemo(
    () => pages.data?.pages.flatMap(({ notifications: listed }) => listed) ?? [],
    [pages.data],
  );
  return (
    <Tile title={t.messages.outbox}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t.messages.outboxText}
        </Text>
        <Group>
          <OptionalChoiceSelect
            label={t.messages.state}
            none={t.messages.allStates}
            words={STATES}
            names={t.messages.states}
            value={message}
            onChange={(state) => setState({ message: state })}
          />
        </Group>
        {pages.error && <ProblemAlert problem={pages.error} onRetry={() => void pages.refetch()} />}
        {pages.data && rows.length === 0 ? (
          <Text>{t.messages.noMessages}</Text>
        ) : (
          <DataTable
            label={t.messages.outbox}
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            maxHeight={520}
          />
        )}
        <MoreButton query={pages} label={t.olderMessages} />
      </Stack>
    </Tile>
  );
}

function useColumns(): readonly Column<Schema<"NotificationView">>[] {
  const t = useTexts(texts).messages;
  const formats = useFormats();
  return useMemo(() => {
    const kinds: Readonly<Record<string, string>> = t.kinds;
    const channels: Readonly<Record<string, string>> = t.channels;
    const states: Readonly<Record<string, string>> = t.states;
    return [
      {
        id: "created",
        header: t.created,
        value: ({ createdAt }) => createdAt,
        instant: formats.dateTime,
      },
      { id: "kind", header: t.kind, value: ({ kind }) => kinds[kind] ?? kind },
      { id: "channel", header: t.channel, value: ({ channel }) => channels[channel] ?? channel },
      { id: "recipient", header: t.recipient, value: ({ recipient }) => recipient },
      {
        id: "state",
        header: t.state,
        value: ({ state }) => states[state] ?? state,
        cell: ({ state, sentAt, nextAttemptAt, lastError }) => (
          <>
            <Text size="sm">
              {states[state] ?? state}
              {sentAt && ` · ${formats.dateTime(sentAt)}`}
              {nextAttemptAt && ` · ${t.next(formats.dateTime(nextAttemptAt))}`}
            </Text>
            {lastError && (
              <Text size="xs" c="dimmed" lang="en">
                {lastError}
              </Text>
            )}
          </>
        ),
      },
      {
        id: "attempts",
        header: t.attempts,
        value: ({ attempts }) => attempts,
        format: formats.count,
      },
    ];
  }, [t, formats]);
}
