// One session: its journey, the price over time, the configuration at any moment, what became of its events.

import {
  ActionIcon,
  Alert,
  Button,
  Code,
  CopyButton,
  Grid,
  Group,
  SimpleGrid,
  Tooltip,
} from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconArrowLeft, IconBroadcast, IconCheck, IconCopy } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { PageLink, useFormats, usePageState } from "../../app/navigation";
import { choice, text } from "../../app/page-state";
import { shellTexts } from "../../app/shell-texts";
import { ExportMenu } from "../../components/export-menu";
import { Page } from "../../components/page";
import { QueryView } from "../../components/query-view";
import { Metric } from "../../components/tile";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { useWords } from "../sessions/words";
import { type EventRow, isMoment, type JourneyRow, neighbour, pricesOf, SHOWN } from "./journey";
import { SessionLedger } from "./ledger";
import { MomentPanel, type OpenMoment } from "./moment";
import { PriceTape } from "./price-tape";
import { texts } from "./texts";
import { Timeline } from "./timeline";
import { isGoingOn, useJourney } from "./use-journey";

/** `at` is the moment that is open: a row's id, or an instant; the last one if empty. */
const fields = { at: text(), show: choice(SHOWN, "highlights") };

/** The page. */
export default function SessionPage() {
  const t = useTexts(texts);
  const { pages } = useTexts(shellTexts);
  const { id: sessionId = "" } = useParams({ strict: false });
  const journey = useJourney(sessionId);
  return (
    <Page
      title={pages.session}
      description={t.description}
      meta={journey.data?.pages.at(-1)?.meta}
      actions={
        <>
          <Button
            component={PageLink}
            to="/sessions"
            variant="default"
            leftSection={<IconArrowLeft size={16} aria-hidden />}
          >
            {t.back}
          </Button>
          <ExportMenu report="user-journey" query={{ sessionId }} />
        </>
      }
    >
      <SessionId id={sessionId} />
      {isGoingOn(journey.data) && (
        <Alert color="petrol" variant="light" icon={<IconBroadcast aria-hidden />}>
          {t.goingOn}
        </Alert>
      )}
      <QueryView query={journey} height={600}>
        {({ pages: read }) => {
          const last = read.at(-1);
          return (
            last && (
              <Journey
                sessionId={sessionId}
                head={last}
                rows={read.flatMap(({ rows }) => rows)}
                onMore={journey.hasNextPage ? () => void journey.fetchNextPage() : undefined}
                isReadingMore={journey.isFetchingNextPage}
              />
            )
          );
        }}
      </QueryView>
    </Page>
  );
}

function SessionId({ id }: { id: string }) {
  const t = useTexts(texts);
  const { copied } = useTexts(common);
  return (
    <Group gap={6} mt={-8}>
      <Code style={{ overflowWrap: "anywhere" }}>{id}</Code>
      <CopyButton value={id}>
        {({ copied: isCopied, copy }) => (
          <Tooltip label={isCopied ? copied : t.copyId}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={isCopied ? copied : t.copyId}
              onClick={copy}
            >
              {isCopied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

function Journey(props: {
  sessionId: string;
  head: Schema<"UserJourney">;
  rows: readonly JourneyRow[];
  onMore: (() => void) | undefined;
  isReadingMore: boolean;
}) {
  const { sessionId, head, rows, onMore, isReadingMore } = props;
  const [state, setState] = usePageState(fields);
  const moments = useMemo(() => rows.filter(isMoment), [rows]);
  const prices = useMemo(() => pricesOf(rows), [rows]);
  const open = useMemo(() => openMoment(state.at, rows, moments), [state.at, rows, moments]);
  const onOpen = useCallback((at: string) => setState({ at }), [setState]);
  return (
    <>
      <Head head={head} />
      <PriceTape prices={prices} at={open?.at} meta={head.meta} onOpen={onOpen} />
      <Grid>
        <Grid.Col span={{ base: 12, lg: 5 }} order={{ base: 1, lg: 2 }}>
          <div style={{ position: "sticky", top: 72 }}>
            <MomentPanel
              sessionId={sessionId}
              rows={rows}
              moments={moments}
              open={open}
              earlier={neighbour(moments, open, -1)}
              later={open && neighbour(moments, open, 1)}
              onOpen={onOpen}
            />
          </div>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }} order={{ base: 2, lg: 1 }}>
          <Timeline
            sessionId={sessionId}
            rows={rows}
            meta={head.meta}
            openId={state.at ? (open?.row?.id ?? undefined) : undefined}
            shown={state.show}
            onShow={(show) => setState({ show })}
            onMore={onMore}
            isReadingMore={isReadingMore}
          />
        </Grid.Col>
      </Grid>
      <SessionLedger sessionId={sessionId} />
    </>
  );
}

function Head({ head: { session, meta } }: { head: Schema<"UserJourney"> }) {
  const t = useTexts(texts);
  const words = useWords();
  const formats = useFormats();
  return (
    <SimpleGrid cols={{ base: 2, lg: 4 }}>
      <Metric
        name={t.status}
        text={t.statusText}
        meta={meta}
        value={words.status(session.status)}
        detail={t.since(formats.dateTime(session.startedAt))}
      />
      <Metric
        name={t.visits}
        text={t.visitsText}
        meta={meta}
        value={formats.count(session.visits)}
        detail={t.lastActivity(formats.dateTime(session.lastActivityAt))}
      />
      <Metric
        name={t.events}
        text={t.eventsText}
        meta={meta}
        value={formats.count(session.events)}
      />
      <Metric
        name={t.missing}
        text={t.missingText}
        meta={meta}
        value={formats.count(session.missing)}
        detail={session.missing === 0 ? t.complete : t.seeLedger}
      />
    </SimpleGrid>
  );
}

/** The moment that the address names; the last one, where it names none. */
function openMoment(
  named: string,
  rows: readonly JourneyRow[],
  moments: readonly EventRow[],
): OpenMoment | undefined {
  const id = named || moments.at(-1)?.id;
  if (id === undefined) return undefined;
  const row = rows.find((each) => each.id === id);
  const place = moments.findIndex((each) => each.id === id);
  const at = row?.at ?? instantOf(id);
  return at === undefined ? undefined : { id, at, row, place: place < 0 ? undefined : place };
}

/** A text as an instant; nothing where it is none. */
function instantOf(text: string): string | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
