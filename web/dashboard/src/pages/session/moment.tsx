// The configuration as it was at one moment, and the way from moment to moment.

import { ActionIcon, CopyButton, Group, Stack, Text, Tooltip, VisuallyHidden } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconArrowLeft, IconArrowRight, IconCheck, IconLink } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { read, readKey, useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { useCatalogueNames } from "../../components/catalogue-names";
import { Definition } from "../../components/definition";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { CategoryName, ChoiceName } from "./choice-name";
import { ChoiceTable } from "./choice-table";
import {
  type ChoiceChange,
  changesOf,
  choicesOf,
  choicesSince,
  type EventRow,
  type JourneyRow,
  selectedOf,
} from "./journey";
import { isBesidePanel } from "./layout";
import { texts } from "./texts";

const PATH = "/api/admin/analytics/user-journey";

/** Where in a journey one is. */
export interface OpenMoment {
  /** The id of a row, or a moment (RFC 3339). */
  id: string;
  at: string;
  /** Its row, where it is one. */
  row: JourneyRow | undefined;
  /** Its place among the moments; nothing where it is between two. */
  place: number | undefined;
}

/** What the panel shows. */
export interface MomentPanelProps {
  sessionId: string;
  rows: readonly JourneyRow[];
  moments: readonly EventRow[];
  open: OpenMoment | undefined;
  earlier: EventRow | undefined;
  later: EventRow | undefined;
  onOpen: (id: string) => void;
}

/** The panel of one moment. Arrow keys step to others. */
export function MomentPanel(props: MomentPanelProps) {
  const t = useTexts(texts).moment;
  const { sessionId, open, earlier, later, onOpen } = props;
  const query = { sessionId, at: open?.id ?? "", limit: 1 };
  const state = useRead(PATH, query, { enabled: open !== undefined });
  const panel = useShownWhenOpened(open?.id);
  useStepKeys(earlier, later, onOpen);
  usePrefetched(sessionId, [earlier?.id, later?.id]);
  return (
    <div ref={panel} style={{ scrollMarginTop: 72 }}>
      <Tile title={t.title} aside={<Steps {...props} />}>
        {open ? (
          <>
            <Place open={open} count={props.moments.length} />
            <QueryView query={state} height={260}>
              {(journey) => <State {...props} open={open} journey={journey} />}
            </QueryView>
          </>
        ) : (
          <Text c="dimmed">{t.none}</Text>
        )}
      </Tile>
    </div>
  );
}

function Steps({ open, earlier, later, onOpen }: MomentPanelProps) {
  const t = useTexts(texts).moment;
  const { copied } = useTexts(common);
  return (
    <Group gap={4} wrap="nowrap">
      <StepButton label={t.earlier} keys="ArrowLeft" to={earlier} onOpen={onOpen}>
        <IconArrowLeft size={18} aria-hidden />
      </StepButton>
      <StepButton label={t.later} keys="ArrowRight" to={later} onOpen={onOpen}>
        <IconArrowRight size={18} aria-hidden />
      </StepButton>
      {open && (
        <CopyButton value={linkTo(open.id)}>
          {({ copied: isCopied, copy }) => (
            <Tooltip label={isCopied ? copied : t.link}>
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={isCopied ? copied : t.link}
                onClick={copy}
              >
                {isCopied ? (
                  <IconCheck size={18} aria-hidden />
                ) : (
                  <IconLink size={18} aria-hidden />
                )}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      )}
    </Group>
  );
}

function StepButton(props: {
  label: string;
  keys: string;
  to: EventRow | undefined;
  onOpen: (id: string) => void;
  children: ReactNode;
}) {
  const { label, keys, to, onOpen, children } = props;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={label}
        aria-keyshortcuts={keys}
        aria-disabled={to === undefined}
        data-disabled={to === undefined}
        onClick={() => to && onOpen(to.id)}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function Place({ open, count }: { open: OpenMoment; count: number }) {
  const t = useTexts(texts).moment;
  const formats = useFormats();
  const place =
    open.place === undefined
      ? t.between
      : t.place(formats.count(open.place + 1), formats.count(count));
  return (
    <Text size="sm" c="dimmed" mb="xs">
      {formats.dateTimeExact(open.at)} · {place}. {t.keys}
    </Text>
  );
}

function State(props: MomentPanelProps & { open: OpenMoment; journey: Schema<"UserJourney"> }) {
  const t = useTexts(texts).moment;
  const formats = useFormats();
  const { open, rows, journey } = props;
  const { state } = journey;
  if (!state) return <Text c="dimmed">{t.nothingYet}</Text>;
  const price = formats.money(state.totalPriceCents);
  const changed = open.row?.kind === "configuration" ? changesOf(open.row) : [];
  return (
    <Stack gap="sm">
      <VisuallyHidden role="status">{t.announce(formats.time(open.at), price)}</VisuallyHidden>
      <div>
        <Group gap={4}>
          <Text fz={26} fw={650} lh={1.25} style={{ fontVariantNumeric: "tabular-nums" }}>
            {price}
          </Text>
          <Definition name={t.price} text={t.priceText} meta={journey.meta} />
        </Group>
        <Facts state={state} />
      </div>
      <ChoiceTable choices={choicesOf(state.selections)} changed={changed} />
      <Since choices={choicesSince(rows, state.snapshotId, open.id).map(selectedOf)} />
    </Stack>
  );
}

function Facts({ state }: { state: Schema<"ConfigurationState"> }) {
  const t = useTexts(texts).moment;
  const formats = useFormats();
  const names = useCatalogueNames();
  const { snapshotAt, priceListVersion, onRequest } = state;
  const facts = [
    t.saved(formats.time(snapshotAt)),
    ...(priceListVersion == null ? [] : [t.priceList(String(priceListVersion))]),
    ...(onRequest?.length ? [t.onRequest(onRequest.map(names.category).join(", "))] : []),
  ];
  return (
    <Text size="xs" c="dimmed">
      {facts.join(" · ")}
    </Text>
  );
}

/** What was chosen after the snapshot: it is in no saved configuration at that moment. */
function Since({ choices }: { choices: readonly ChoiceChange[] }) {
  const t = useTexts(texts).moment;
  const names = useCatalogueNames();
  if (choices.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600} component="h3">
        {t.since}
      </Text>
      <ul style={{ margin: 0, paddingInlineStart: 18 }}>
        {choices.map(({ category, to }, place) => (
          <Text component="li" size="sm" key={`${category} ${place}`}>
            <CategoryName category={category} names={names} />
            {to && ": "}
            {to && <ChoiceName choice={to} names={names} />}
          </Text>
        ))}
      </ul>
    </div>
  );
}

/** Scrolls to the panel when another moment is opened in the timeline below it. */
function useShownWhenOpened(id: string | undefined): RefObject<HTMLDivElement | null> {
  const panel = useRef<HTMLDivElement>(null);
  const shown = useRef(id);
  useEffect(() => {
    const isAnother = shown.current !== id;
    shown.current = id;
    if (isAnother && !isBesidePanel()) panel.current?.scrollIntoView({ block: "nearest" });
  }, [id]);
  return panel;
}

/** The arrow keys left and right step, but where they mean something else. */
function useStepKeys(
  earlier: EventRow | undefined,
  later: EventRow | undefined,
  onOpen: (id: string) => void,
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const to = { ArrowLeft: earlier, ArrowRight: later }[event.key];
      if (!to || isElsewhere(event)) return;
      event.preventDefault();
      onOpen(to.id);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [earlier, later, onOpen]);
}

function isElsewhere(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return true;
  if (event.defaultPrevented || !(event.target instanceof HTMLElement)) return true;
  const own = "input, textarea, select, [role=dialog], [role=menu], [role=region]";
  return event.target.closest(own) !== null;
}

/** Reads what the next step shows before it is taken. */
function usePrefetched(sessionId: string, ids: readonly (string | undefined)[]): void {
  const queries = useQueryClient();
  const wanted = ids.join(" ");
  useEffect(() => {
    for (const at of wanted.split(" ").filter(Boolean)) {
      const query = { sessionId, at, limit: 1 };
      void queries.prefetchQuery({
        queryKey: readKey(PATH, query),
        queryFn: ({ signal }) => read(PATH, query, signal),
      });
    }
  }, [queries, sessionId, wanted]);
}

/** The address of a moment: this page's own, with the moment in it. */
function linkTo(id: string): string {
  const address = new URL(window.location.href);
  address.searchParams.set("at", id);
  return address.href;
}
