// One session that is configuring: its price and configuration, and how they change while one watches.

import { Anchor, Group, Paper, Skeleton, Text, Title } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Answer, read, readKey } from "../../api/hooks";
import { PageLink, useFormats } from "../../app/navigation";
import { type Choice, useCatalogueNames } from "../../components/catalogue-names";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { ChoiceTable } from "../session/choice-table";
import { signedMoney } from "../session/row";
import { StatusBadge } from "../sessions/visit-cells";
import { useWords } from "../sessions/words";
import { texts } from "./texts";
import { changesBetween, type PriceReading, sentChoices } from "./watch";

const PATH = "/api/sessions/get-session";

interface LiveCardProps {
  session: Schema<"LiveSession">;
  /** The prices that it had since the page is open, the earliest first. */
  readings: readonly PriceReading[];
  /** The time, in milliseconds of the epoch. */
  now: number;
}

/** The card of a session. */
export function LiveCard({ session, readings, now }: LiveCardProps) {
  const t = useTexts(texts);
  const words = useWords();
  const formats = useFormats();
  const { notSet } = useTexts(common);
  const { sessionId, status, page, device, lastActivityAt } = session;
  return (
    <Paper component="li" withBorder p="md" bg="var(--nest-surface)">
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Title order={3} size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
          <Anchor component={PageLink} to="/sessions/$id" params={{ id: sessionId }} inherit>
            {sessionId}
          </Anchor>
        </Title>
        <StatusBadge status={status} />
      </Group>
      <Text size="xs" c="dimmed">
        {[
          t.lastActivity(formats.ago(lastActivityAt, now)),
          page ?? notSet,
          words.device(device),
        ].join(" · ")}
      </Text>
      <Price session={session} readings={readings} />
      <Configuration session={session} />
    </Paper>
  );
}

function Price({ session, readings }: Omit<LiveCardProps, "now">) {
  const t = useTexts(texts);
  const formats = useFormats();
  const names = useCatalogueNames();
  const { priceCents, onRequest } = session;
  const [first] = readings;
  const change = first && priceCents != null ? priceCents - first.cents : 0;
  return (
    <div style={{ margin: "8px 0" }}>
      <Text fz={24} fw={650} lh={1.25} style={{ fontVariantNumeric: "tabular-nums" }}>
        {priceCents == null ? t.noPrice : formats.money(priceCents)}
      </Text>
      {first && readings.length > 1 && (
        <>
          <Text size="xs" fw={600}>
            {t.since(signedMoney(change, formats), formats.time(first.at))}
          </Text>
          <Text size="xs" c="dimmed">
            {readings.map(({ cents }) => formats.money(cents)).join(" → ")}
          </Text>
        </>
      )}
      {onRequest.length > 0 && (
        <Text size="xs" c="dimmed">
          {t.onRequest(onRequest.map(names.category).join(", "))}
        </Text>
      )}
    </div>
  );
}

function Configuration({ session }: { session: Schema<"LiveSession"> }) {
  const t = useTexts(texts);
  const names = useCatalogueNames();
  const { data, isPending } = useConfiguration(session);
  const choices = useMemo(
    () => sentChoices(data?.session.configurationData, names.categories),
    [data, names],
  );
  const before = useBefore(choices);
  if (isPending) return <Skeleton height={120} />;
  if (choices.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t.noConfiguration}
      </Text>
    );
  }
  return <ChoiceTable choices={choices} changed={before ? changesBetween(before, choices) : []} />;
}

/** The configuration, what waits in the queue included. Read anew when the session did something. */
function useConfiguration({ sessionId, lastActivityAt, priceCents }: Schema<"LiveSession">) {
  return useQuery<Answer<typeof PATH>, Problem>({
    queryKey: [...readKey(PATH, { sessionId }), lastActivityAt, priceCents],
    queryFn: ({ signal }) => read(PATH, { sessionId }, signal),
    placeholderData: keepPreviousData,
  });
}

/** The choices before they changed last; nothing until they do. */
function useBefore(choices: readonly Choice[]): readonly Choice[] | undefined {
  const [seen, setSeen] = useState<{ now: readonly Choice[]; before?: readonly Choice[] }>({
    now: choices,
  });
  if (seen.now !== choices && changesBetween(seen.now, choices).length > 0) {
    setSeen(seen.now.length === 0 ? { now: choices } : { now: choices, before: seen.now });
  }
  return seen.before;
}
