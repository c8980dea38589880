// Cohorts as a grid: every cell says its share and count in words, the shading only repeats it.

import { Text, VisuallyHidden } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { type CSSProperties, type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useFormats } from "../../app/navigation";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import classes from "./cohort-grid.module.css";
import { texts } from "./texts";

type Cohort = Schema<"Cohort">;
type CohortCell = Schema<"CohortCell">;
type CohortTable = Schema<"CohortTable">;

const HEAT_MAX_PERCENT = 50;
const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface Spot {
  row: number;
  column: number;
}

/** The grid of a table of cohorts. `period` names a period by how many there were since the start. */
export function CohortGrid(props: { table: CohortTable; period: (offset: number) => string }) {
  const { table, period } = props;
  const t = useTexts(texts);
  const say = useSentences(period);
  const grid = useRef<HTMLTableElement>(null);
  const [spot, setSpot] = useState<Spot>({ row: 0, column: 0 });
  const strongest = useMemo(() => strongestReturn(table), [table]);
  const { cohorts } = table;
  const offsets = cohorts[0]?.cells.map(({ offset }) => offset) ?? [];
  const move = (event: KeyboardEvent) => {
    const [down, right] = MOVES[event.key] ?? [0, 0];
    if (down === 0 && right === 0) return;
    event.preventDefault();
    const next = { row: spot.row + down, column: spot.column + right };
    const cell = grid.current?.querySelector<HTMLElement>(
      `[data-spot="${next.row}/${next.column}"]`,
    );
    cell?.focus();
  };
  const current = cohorts[spot.row];
  const currentCell = current?.cells[spot.column];
  return (
    <>
      <div className={classes.region}>
        {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid of ARIA, moved in by arrow keys, is a table too. */}
        <table ref={grid} role="grid" aria-label={t.grid} className={classes.grid} onKeyDown={move}>
          <thead>
            <tr>
              <th scope="col" className={classes.name}>
                {t.cohort}
              </th>
              <th scope="col">{t.visitors}</th>
              {offsets.map((offset) => (
                <th key={offset} scope="col">
                  {period(offset)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort, row) => (
              <tr key={cohort.start}>
                <CohortName cohort={cohort} />
                <CohortSize size={cohort.size} />
                {cohort.cells.map((cell, column) => (
                  <Cell
                    key={cell.offset}
                    cell={cell}
                    at={{ row, column }}
                    isCurrent={spot.row === row && spot.column === column}
                    strongest={strongest}
                    sentence={say(cohort, cell)}
                    onEnter={setSpot}
                  />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <MeanRow mean={table.mean.slice(0, offsets.length)} kind="pooled" />
            <MeanRow mean={table.mean.slice(0, offsets.length)} kind="simple" />
          </tfoot>
        </table>
      </div>
      <Text size="sm" mt="xs" mih={22} aria-hidden>
        {current && currentCell && say(current, currentCell)}
      </Text>
      <Text size="xs" c="dimmed">
        {t.gridHint}
      </Text>
    </>
  );
}

function CohortName({ cohort }: { cohort: Cohort }) {
  const t = useTexts(texts);
  const formats = useFormats();
  return (
    <th scope="row" className={classes.name}>
      {formats.date(cohort.start)}
      {cohort.partial && (
        <Text span size="xs" c="dimmed" display="block">
          {t.cut}
        </Text>
      )}
    </th>
  );
}

function CohortSize({ size }: { size: number }) {
  return <td className={classes.number}>{useFormats().count(size)}</td>;
}

function Cell(props: {
  cell: CohortCell;
  at: Spot;
  isCurrent: boolean;
  strongest: number;
  sentence: string;
  onEnter: (spot: Spot) => void;
}) {
  const { cell, at, isCurrent, strongest, sentence, onEnter } = props;
  const formats = useFormats();
  const { retained } = cell;
  return (
    <td
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a cell of a grid of ARIA.
      role="gridcell"
      data-spot={`${at.row}/${at.column}`}
      tabIndex={isCurrent ? 0 : -1}
      className={classes.cell}
      style={heat(cell, strongest)}
      onFocus={() => onEnter(at)}
      onMouseEnter={() => onEnter(at)}
    >
      <VisuallyHidden>{sentence}</VisuallyHidden>
      {retained ? (
        <span aria-hidden>
          {formats.share(retained.value)}
          <span className={classes.count}>{formats.count(retained.num)}</span>
        </span>
      ) : (
        <span aria-hidden className={classes.open}>
          –
        </span>
      )}
    </td>
  );
}

function MeanRow({
  mean,
  kind,
}: {
  mean: readonly Schema<"CohortMean">[];
  kind: "pooled" | "simple";
}) {
  const t = useTexts(texts);
  const formats = useFormats();
  return (
    <tr className={classes.means}>
      <th scope="row" className={classes.name}>
        {t[kind]}
      </th>
      <td className={classes.number}>
        <VisuallyHidden>–</VisuallyHidden>
      </td>
      {mean.map(({ offset, pooled, simple }) => (
        <td key={offset} className={classes.cell} style={heat({ offset: 0 }, 1)}>
          {formats.share(kind === "pooled" ? pooled.value : simple)}
        </td>
      ))}
    </tr>
  );
}

/** Writes cells as sentences. */
function useSentences(period: (offset: number) => string) {
  const t = useTexts(texts);
  const { meta } = useTexts(common);
  const formats = useFormats();
  return (cohort: Cohort, { offset, retained }: CohortCell): string => {
    const name = formats.date(cohort.start);
    if (!retained) return t.open(name, period(offset));
    const counts = meta.of(formats.count(retained.num), formats.count(retained.den));
    const interval = formats.interval(retained.ciLow, retained.ciHigh);
    const said = t.cell(name, period(offset), counts, formats.share(retained.value), interval);
    return retained.nMinOk ? said : `${said}. ${t.few}`;
  };
}

function heat(
  { offset, retained }: Pick<CohortCell, "offset" | "retained">,
  strongest: number,
): CSSProperties {
  const share = offset === 0 ? 0 : Math.min(1, (retained?.value ?? 0) / (strongest || 1));
  // A custom property is no property that React's types know.
  return { "--share": `${Math.round(share * HEAT_MAX_PERCENT)}%` } as CSSProperties;
}

/** The largest share that returned after the first period: what is shaded most. */
function strongestReturn({ cohorts }: CohortTable): number {
  const shares = cohorts.flatMap(({ cells }) =>
    cells.flatMap(({ offset, retained }) => (offset > 0 ? [retained?.value ?? 0] : [])),
  );
  return Math.max(0, ...shares);
}
