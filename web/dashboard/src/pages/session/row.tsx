// What a row of the timeline says: a sentence for each kind of thing that may happen.

import { Badge, Group, Text } from "@mantine/core";
import { fieldsOf, listOf, textOf } from "@nest-haus/api";
import {
  IconAlertTriangle,
  IconCreditCard,
  IconDeviceFloppy,
  IconEye,
  IconFlag,
  IconGauge,
  IconHandClick,
  IconListCheck,
  IconMouse,
  IconPlayerPlay,
  IconUnlink,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useFormats } from "../../app/navigation";
import { inCatalogueOrder, useCatalogueNames } from "../../components/catalogue-names";
import type { Formats } from "../../i18n/formats";
import { useTexts } from "../../i18n/texts";
import { useWords } from "../sessions/words";
import { CategoryName, ChoiceName } from "./choice-name";
import {
  type ChoiceChange,
  changesOf,
  dwellOf,
  isSelection,
  type JourneyRow,
  type RowOf,
  selectedOf,
} from "./journey";
import { texts } from "./texts";

const IN_MS = ["LCP", "INP", "FCP", "TTFB", "FID"];

/** A sentence about a row, and what else is known of it. */
export function RowContent({ row }: { row: JourneyRow }) {
  switch (row.kind) {
    case "visit":
      return <VisitRow row={row} />;
    case "gap":
      return <GapRow row={row} />;
    case "interaction":
      return isSelection(row) ? <SelectionRow row={row} /> : <InteractionRow row={row} />;
    case "error":
      return <ErrorRow row={row} />;
    case "configuration":
      return <ConfigurationRow row={row} />;
    case "fact":
      return <FactRow row={row} />;
    case "measurement":
      return <MeasurementRow row={row} />;
    case "payment":
      return <PaymentRow row={row} />;
  }
}

/** The sign of a row's kind. */
export function RowIcon({ row }: { row: JourneyRow }) {
  const Icon = iconOf(row);
  return <Icon size={18} stroke={1.6} aria-hidden />;
}

function iconOf(row: JourneyRow) {
  switch (row.kind) {
    case "visit":
      return IconPlayerPlay;
    case "gap":
      return IconUnlink;
    case "error":
      return IconAlertTriangle;
    case "configuration":
      return IconDeviceFloppy;
    case "fact":
      return IconFlag;
    case "measurement":
      return IconGauge;
    case "payment":
      return IconCreditCard;
    case "interaction":
      return iconOfInteraction(row.eventType);
  }
}

function iconOfInteraction(eventType: string) {
  if (eventType === "selection") return IconListCheck;
  if (eventType === "page_visit" || eventType === "engagement") return IconEye;
  return eventType === "click" ? IconHandClick : IconMouse;
}

function VisitRow({ row }: { row: RowOf<"visit"> }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const words = useWords();
  const facts = [
    t.until(formats.dateTime(row.endedAt)),
    ...(row.population === "eligible" ? [] : [words.population(row.population)]),
    words.device(row.device),
    words.channel(row.channel),
    ...(row.entryPage ? [t.entry(row.entryPage)] : []),
    t.pages(formats.count(row.pageViews)),
    t.engaged(formats.duration(row.engagedMs)),
    t.reached(words.level(row.funnelLevel)),
  ];
  return (
    <>
      <Text component="h3" fw={650}>
        {t.visit(formats.count(row.number))}
      </Text>
      <Below>{facts.join(" · ")}</Below>
    </>
  );
}

function GapRow({ row }: { row: RowOf<"gap"> }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const facts = [
    t.numbers(formats.count(row.first), formats.count(row.last)),
    row.refused > 0 ? t.refused(formats.count(row.refused)) : t.neverArrived,
  ];
  return (
    <>
      <Text size="sm" fw={600} c="var(--nest-down)">
        {t.missing(formats.count(row.count))}
      </Text>
      <Below>{facts.join(" · ")}</Below>
    </>
  );
}

function SelectionRow({ row }: { row: RowOf<"interaction"> }) {
  const t = useTexts(texts).row;
  const names = useCatalogueNames();
  const { category, from, to } = selectedOf(row);
  return (
    <>
      <Sentence row={row}>
        {to ? (
          <>
            {t.chose} <CategoryName category={category} names={names} />:{" "}
            <b>
              <ChoiceName choice={to} names={names} />
            </b>
          </>
        ) : (
          t.took(names.category(category))
        )}{" "}
        <PriceStep cents={row.shownPriceCents} change={row.shownPriceChangeCents} />
      </Sentence>
      <Below>
        <Joined
          parts={[
            from && t.was(names.option(category, from.option)),
            row.elementId,
            otherData(row.additionalData, ["quantity"]),
          ]}
        />
      </Below>
    </>
  );
}

function InteractionRow({ row }: { row: RowOf<"interaction"> }) {
  const formats = useFormats();
  const words = useWords();
  const sentence = useInteractionSentence(row);
  const isPage = row.eventType === "page_visit" || row.eventType === "engagement";
  const used = row.eventType === "options_shown" ? ["options"] : ["depth", "page"];
  return (
    <>
      <Sentence row={row}>{sentence}</Sentence>
      <Below>
        <Joined
          parts={[
            isPage ? undefined : row.selectionValue,
            isPage ? undefined : row.previousValue,
            isPage || row.timeSpentMs == null ? undefined : formats.duration(row.timeSpentMs),
            row.deviceType && words.device(row.deviceType),
            otherData(row.additionalData, used),
          ]}
        />
      </Below>
    </>
  );
}

function useInteractionSentence(row: RowOf<"interaction">): ReactNode {
  const { row: t, eventNames } = useTexts(texts);
  const formats = useFormats();
  const names = useCatalogueNames();
  const data = fieldsOf(row.additionalData);
  const page = textOf(data.page);
  const visited = row.selectionValue ?? row.elementId ?? "";
  const verb = Reflect.get(eventNames, row.eventType);
  switch (row.eventType) {
    case "page_visit":
      return row.timeSpentMs == null
        ? t.opened(visited)
        : t.left(visited, formats.duration(row.timeSpentMs));
    case "engagement":
      return `${verb} ${visited}: ${formats.duration(row.timeSpentMs)}`;
    case "scroll":
      return typeof data.depth === "number"
        ? `${verb}: ${formats.share(data.depth / 100, 0)} · ${page ?? ""}`
        : verb;
    case "options_shown":
      return (
        <>
          {verb} <CategoryName category={row.category} names={names} />:{" "}
          <span lang="de">
            {listOf(data.options)
              .map((option) => names.option(row.category, String(option)))
              .join(", ")}
          </span>
        </>
      );
    default:
      return [verb ?? `${row.eventType}:`, row.elementId ?? row.category, page && `· ${page}`]
        .filter(Boolean)
        .join(" ");
  }
}

function ErrorRow({ row }: { row: RowOf<"error"> }) {
  const t = useTexts(texts).row;
  return (
    <>
      <Text size="sm" fw={600} c="var(--mantine-color-error)">
        {t.error}: {row.eventType}
      </Text>
      <Below>
        <Joined
          parts={[
            row.category,
            row.elementId,
            row.selectionValue,
            otherData(row.additionalData, []),
          ]}
        />
      </Below>
    </>
  );
}

function ConfigurationRow({ row }: { row: RowOf<"configuration"> }) {
  const { row: t, triggers, moment } = useTexts(texts);
  const formats = useFormats();
  const names = useCatalogueNames();
  const changes = changesOf(row);
  const trigger = Reflect.get(triggers, row.trigger) ?? row.trigger;
  return (
    <>
      <Sentence row={row}>
        {t.saved} {trigger} <PriceStep cents={row.totalPriceCents} change={row.priceChangeCents} />
      </Sentence>
      <Changes changes={changes} />
      <Below>
        <Joined
          parts={[
            changes.length === 0 ? t.noChange : undefined,
            row.completion == null ? undefined : t.choseShare(formats.share(row.completion, 0)),
            row.onRequest?.length
              ? moment.onRequest(row.onRequest.map(names.category).join(", "))
              : undefined,
            row.priceListVersion == null
              ? undefined
              : moment.priceList(String(row.priceListVersion)),
            row.completes ? t.completes : undefined,
            row.exits ? t.exits : undefined,
          ]}
        />
      </Below>
      <PriceCheck row={row} />
    </>
  );
}

/** Whether the page showed the right price. */
function PriceCheck({ row }: { row: RowOf<"configuration"> }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const shown = formats.money(row.claimedPriceCents);
  switch (row.priceCheck) {
    case "match":
      return <Below>{t.rightPrice}</Below>;
    case "outdated":
      return <Below>{t.oldPrice(shown)}</Below>;
    case "mismatch":
      return (
        <Text size="xs" fw={600} c="var(--nest-down)">
          {t.wrongPrice(shown)}
        </Text>
      );
    default:
      return null;
  }
}

function Changes({ changes }: { changes: readonly ChoiceChange[] }) {
  const t = useTexts(texts).row;
  const names = useCatalogueNames();
  if (changes.length === 0) return null;
  const inOrder = inCatalogueOrder(changes, names);
  return (
    <ul style={{ margin: "2px 0", paddingInlineStart: 18 }}>
      {inOrder.map(({ category, from, to }) => (
        <Text component="li" size="sm" key={category}>
          <CategoryName category={category} names={names} />:{" "}
          {from && (
            <>
              <Text span c="dimmed" td="line-through">
                <ChoiceName choice={from} names={names} />
              </Text>{" "}
              <span aria-hidden>→</span>{" "}
            </>
          )}
          {to ? <ChoiceName choice={to} names={names} /> : t.nothing}
        </Text>
      ))}
    </ul>
  );
}

function FactRow({ row }: { row: RowOf<"fact"> }) {
  const { row: t, facts } = useTexts(texts);
  const known = Reflect.get(facts, row.fact);
  const value = typeof row.value === "object" ? otherData(row.value, []) : String(row.value ?? "");
  return (
    <>
      <Sentence row={row}>{known ?? `${t.fact}: ${row.fact}`}</Sentence>
      <Below>{value}</Below>
    </>
  );
}

function MeasurementRow({ row }: { row: RowOf<"measurement"> }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const { metricName, value } = row;
  const isTime = IN_MS.includes(metricName);
  return (
    <>
      <Sentence row={row}>
        {t.measured} {metricName}: {isTime ? formats.latency(value) : formats.decimal(value, 3)}
      </Sentence>
      <Below>
        <Joined parts={[row.endpoint, otherData(row.additionalData, [])]} />
      </Below>
    </>
  );
}

function PaymentRow({ row }: { row: RowOf<"payment"> }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const isForeign = row.currency !== "EUR";
  return (
    <>
      <Text size="sm">
        {row.paymentKind === "refunded" ? t.refunded : t.captured}:{" "}
        <b>{formats.money(row.amountCents, row.currency)}</b>
        {isForeign && ` (${formats.money(row.eurCents)})`}
      </Text>
      <Below>
        <Joined parts={[t.order(row.orderId), row.paymentId]} />
      </Below>
    </>
  );
}

/** A sentence, with how long the configuration stood afterwards, and whether the event came late. */
function Sentence({ row, children }: { row: JourneyRow; children: ReactNode }) {
  const t = useTexts(texts).row;
  const formats = useFormats();
  const dwell = dwellOf(row);
  return (
    <Group gap={6} align="baseline">
      <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
      {dwell && (
        <Badge size="sm" variant="light" color="gray" c="var(--mantine-color-text)" tt="none">
          {dwell.atLeast
            ? t.stoodAtLeast(formats.duration(dwell.ms))
            : t.stood(formats.duration(dwell.ms))}
        </Badge>
      )}
      {row.late && (
        <Badge size="sm" variant="outline" color="orange" c="var(--mantine-color-text)">
          {t.late}
        </Badge>
      )}
    </Group>
  );
}

/** A price, and by how much it went up or down. */
function PriceStep(props: { cents: number | null | undefined; change: number | null | undefined }) {
  const formats = useFormats();
  const { cents, change } = props;
  if (cents == null) return null;
  return (
    <Text span size="sm" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
      · {formats.money(cents)}
      {change ? ` (${signedMoney(change, formats)})` : ""}
    </Text>
  );
}

/** An amount with its sign. */
export function signedMoney(cents: number, formats: Formats): string {
  return `${cents < 0 ? "−" : "+"}${formats.money(Math.abs(cents))}`;
}

function Below({ children }: { children: ReactNode }) {
  if (children === "") return null;
  return (
    <Text size="xs" c="dimmed" component="div" style={{ overflowWrap: "anywhere" }}>
      {children}
    </Text>
  );
}

function Joined({ parts }: { parts: readonly (string | null | undefined)[] }) {
  return parts.filter(Boolean).join(" · ");
}

/** What the client sent besides what the sentence says already. */
function otherData(data: unknown, said: readonly string[]): string {
  return Object.entries(fieldsOf(data))
    .filter(([key, value]) => value !== null && !said.includes(key))
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ");
}
