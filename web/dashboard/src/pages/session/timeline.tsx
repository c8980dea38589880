// The timeline: what happened, row by row. Each event is a link to its moment.

import { Anchor, Button, Group, Select, Text, VisuallyHidden } from "@mantine/core";
import { memo, useEffect, useRef } from "react";
import { PageLink, useFormats } from "../../app/navigation";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import type { ReportMeta } from "../../components/watermark";
import { useTexts } from "../../i18n/texts";
import { isEvent, isShown, type JourneyRow, SHOWN } from "./journey";
import { isBesidePanel } from "./layout";
import { RowContent, RowIcon } from "./row";
import { texts } from "./texts";
import classes from "./timeline.module.css";

type Shown = (typeof SHOWN)[number];

/** The timeline of a session. */
export function Timeline(props: {
  sessionId: string;
  rows: readonly JourneyRow[];
  meta: ReportMeta;
  /** The id of the row that is open. */
  openId: string | undefined;
  shown: Shown;
  onShow: (shown: Shown) => void;
  /** Reads more rows; nothing where all are read. */
  onMore: (() => void) | undefined;
  isReadingMore: boolean;
}) {
  const t = useTexts(texts).timeline;
  const formats = useFormats();
  const { sessionId, rows, meta, openId, shown, onShow, onMore, isReadingMore } = props;
  // What is open shows, whatever else does.
  const visible = rows.filter((row) => isShown(row, shown) || row.id === openId);
  const tabs = new Set(rows.flatMap(({ tabId }) => tabId ?? []));
  return (
    <Tile title={t.title} aside={<Definition name={t.title} text={t.text} meta={meta} />}>
      <Group justify="space-between" align="flex-end" mb="sm">
        <Select
          label={t.show}
          w={220}
          allowDeselect={false}
          data={SHOWN.map((value) => ({ value, label: t.shown[value] }))}
          value={shown}
          onChange={(value) => value && onShow(value)}
        />
        <Text size="sm" c="dimmed" role="status">
          {t.count(formats.count(visible.length), formats.count(rows.length))}
        </Text>
      </Group>
      {visible.length === 0 && (
        <Text c="dimmed">{shown === "trouble" ? t.noTrouble : t.nothing}</Text>
      )}
      <ol className={classes.list}>
        {visible.map((row, place) => (
          <Row
            key={row.id ?? `${row.kind} ${row.at} ${place}`}
            row={row}
            sessionId={sessionId}
            shown={shown}
            isOpen={row.id != null && row.id === openId}
            isOneOfTabs={tabs.size > 1}
          />
        ))}
      </ol>
      {onMore && (
        <Group justify="center" mt="sm">
          <Button variant="default" loading={isReadingMore} onClick={onMore}>
            {t.loadMore}
          </Button>
        </Group>
      )}
    </Tile>
  );
}

const Row = memo(function Row(props: {
  row: JourneyRow;
  sessionId: string;
  shown: Shown;
  isOpen: boolean;
  /** Whether the session had several tabs, so that numbers need theirs. */
  isOneOfTabs: boolean;
}) {
  const { row, isOpen } = props;
  const t = useTexts(texts).row;
  const element = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen && isBesidePanel()) element.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  const className = [classes.row, isOpen && classes.open, row.kind === "visit" && classes.visit]
    .filter(Boolean)
    .join(" ");
  return (
    <li ref={element} className={className} aria-current={isOpen || undefined}>
      <div className={classes.time}>
        <Moment {...props} />
        {row.seq != null && (
          <Text size="xs" c="dimmed">
            {t.number(String(row.seq))}
            {props.isOneOfTabs && row.tabId && ` · ${t.tab(row.tabId.slice(0, 4))}`}
          </Text>
        )}
      </div>
      <RowIcon row={row} />
      <div>
        <RowContent row={row} />
      </div>
    </li>
  );
});

/** When it happened: for events, a link that opens the configuration as it was then. */
function Moment({ row, sessionId, shown }: { row: JourneyRow; sessionId: string; shown: Shown }) {
  const t = useTexts(texts).timeline;
  const formats = useFormats();
  const time = formats.time(row.at);
  if (!isEvent(row)) return <Text size="sm">{time}</Text>;
  return (
    <Anchor
      component={PageLink}
      to="/sessions/$id"
      params={{ id: sessionId }}
      search={{ at: row.id, ...(shown === "highlights" ? {} : { show: shown }) }}
      resetScroll={false}
      size="sm"
    >
      <span aria-hidden>{time}</span>
      <VisuallyHidden>{t.open(formats.dateTimeExact(row.at))}</VisuallyHidden>
    </Anchor>
  );
}
