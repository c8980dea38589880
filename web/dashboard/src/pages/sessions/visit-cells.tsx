// What a list of visits says about each of them.

import { Anchor, Badge, Group, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import type { ReactNode } from "react";
import { PageLink, useFormats } from "../../app/navigation";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useWords } from "./words";

/** A visit with what is known of its session. */
export type Visit = Schema<"SessionVisit">;

interface VisitProps {
  visit: Visit;
}

/** When it began, as a link to its session. */
export function VisitLink({ visit }: VisitProps) {
  const t = useTexts(texts);
  const formats = useFormats();
  const number = visit.number > 1 ? `${t.visit(formats.count(visit.number))} · ` : "";
  return (
    <TwoLines below={`${number}${visit.sessionId}`}>
      <Anchor component={PageLink} to="/sessions/$id" params={{ id: visit.sessionId }} size="sm">
        {formats.dateTime(visit.startedAt)}
      </Anchor>
    </TwoLines>
  );
}

/** What the session is now, and for whom it counts where that is not a person. */
export function StatusBadges({ visit }: VisitProps) {
  const words = useWords();
  return (
    <Group gap={4} wrap="nowrap">
      <StatusBadge status={visit.status} />
      {visit.population !== "eligible" && (
        <Badge variant="outline" color="gray" c="dimmed" miw="max-content">
          {words.population(visit.population)}
        </Badge>
      )}
    </Group>
  );
}

/** A session's status. */
export function StatusBadge({ status }: { status: string }) {
  const words = useWords();
  const isFurther = status !== "ACTIVE" && status !== "ABANDONED";
  return (
    <Badge
      variant={status === "CONVERTED" ? "filled" : "outline"}
      color={isFurther ? "petrol" : "gray"}
      miw="max-content"
      {...(isFurther ? {} : { c: "var(--mantine-color-text)" })}
    >
      {words.status(status)}
    </Badge>
  );
}

/** How far it came, and when. */
export function Reached({ visit }: VisitProps) {
  const t = useTexts(texts);
  const words = useWords();
  const formats = useFormats();
  const at = visit.orderedAt ?? visit.completedAt ?? visit.cartAt;
  return (
    <TwoLines below={visit.bounced ? t.bounced : at ? formats.time(at) : ""}>
      {words.level(visit.funnelLevel)}
    </TwoLines>
  );
}

/** What its session's latest configuration costs, and how much of it the visitor chose. */
export function Price({ visit }: VisitProps) {
  const t = useTexts(texts);
  const formats = useFormats();
  const { priceCents, completion } = visit;
  return (
    <TwoLines below={completion == null ? "" : t.completion(formats.share(completion, 0))}>
      {formats.money(priceCents)}
    </TwoLines>
  );
}

/** For how long somebody looked, of how long it took. */
export function Engaged({ visit }: VisitProps) {
  const t = useTexts(texts);
  const formats = useFormats();
  return (
    <TwoLines below={t.of(formats.duration(visit.durationMs))}>
      {formats.duration(visit.engagedMs)}
    </TwoLines>
  );
}

/** How much was done. */
export function Activity({ visit }: VisitProps) {
  const t = useTexts(texts);
  const { count } = useFormats();
  const { pageViews, interactions, selections, snapshots } = visit;
  return (
    <TwoLines below={snapshots > 0 ? t.choices(count(selections), count(snapshots)) : ""}>
      {t.activity(count(pageViews), count(interactions))}
    </TwoLines>
  );
}

/** Where it came from. */
export function Channel({ visit }: VisitProps) {
  const words = useWords();
  const from = [visit.source, visit.campaign].filter(Boolean).join(" · ");
  return <TwoLines below={from}>{words.channel(visit.channel)}</TwoLines>;
}

/** With what, and from which country. */
export function Device({ visit }: VisitProps) {
  const words = useWords();
  return <TwoLines below={visit.country ?? ""}>{words.device(visit.device)}</TwoLines>;
}

/** The first page and the last one. */
export function Pages({ visit: { entryPage, exitPage } }: VisitProps) {
  return (
    <TwoLines below={exitPage === entryPage ? "" : (exitPage ?? "")}>{entryPage ?? "–"}</TwoLines>
  );
}

function TwoLines({ children, below }: { children: ReactNode; below: string }) {
  return (
    <>
      <Text size="sm" component="div" style={{ whiteSpace: "nowrap" }}>
        {children}
      </Text>
      {below && (
        <Text size="xs" c="dimmed" maw={260} truncate>
          {below}
        </Text>
      )}
    </>
  );
}
