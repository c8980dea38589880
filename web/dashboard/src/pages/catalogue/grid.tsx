// The price table as a grid that is edited like a spreadsheet.

import { Text, VisuallyHidden } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { type ClipboardEvent, Fragment, type KeyboardEvent, useMemo } from "react";
import { useTexts } from "../../i18n/texts";
import classes from "./grid.module.css";
import { type Names, sizesOf } from "./names";
import { editOf, PriceCell } from "./price-cell";
import {
  cellKey,
  type Edits,
  type Price,
  type PriceRow,
  pastedBlock,
  priceOf,
  type Unreadable,
} from "./prices";
import { texts } from "./texts";

/** What the grid shows. */
export interface GridProps {
  catalogue: Schema<"Catalogue">;
  names: Names;
  /** The rows that show; all are of the catalogue. */
  rows: readonly PriceRow[];
  edits: Edits;
  readOnly: boolean;
  onEdit: (cell: string, edit: Price | Unreadable | undefined) => void;
}

/** A table of prices: a column for all sizes, and one for each. Arrow keys and Enter go from cell to cell. */
export function Grid(props: GridProps) {
  const t = useTexts(texts);
  const { catalogue, names, rows, edits, readOnly, onEdit } = props;
  const columns = useMemo(() => columnsOf(catalogue, rows), [catalogue, rows]);
  const paste = (event: ClipboardEvent<HTMLTableElement>) => {
    const block = pastedBlock(event.clipboardData.getData("text"));
    const from = placeOf(event.target);
    if (!block || !from || readOnly) return;
    event.preventDefault();
    for (const [down, cells] of block.entries()) {
      for (const [right, typed] of cells.entries()) {
        const row = rows[from.row + down];
        const size = columns[from.column + right];
        const original = row && priceOf(row, size);
        if (row && original !== undefined && typed.trim() !== "") {
          onEdit(cellKey(row, size), editOf(typed, original));
        }
      }
    }
  };
  return (
    <section className={classes.region ?? ""} aria-label={t.gridLabel}>
      {/* Keys and pasting are handled where all cells are; each cell is a field of its own. */}
      <table className={classes.table} onKeyDown={moveByKey} onPaste={paste}>
        <caption>
          <VisuallyHidden>{t.gridLabel}</VisuallyHidden>
        </caption>
        <thead>
          <tr>
            <th scope="col" style={{ textAlign: "left", paddingLeft: 12 }}>
              {t.option}
            </th>
            {columns.map((size) => (
              <th key={size ?? ""} scope="col" className={classes.number}>
                {size ? names.size(size) : t.allSizes}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Fragment key={cellKey(row)}>
              {rows[index - 1]?.category !== row.category && (
                <tr>
                  <th scope="rowgroup" colSpan={columns.length + 1} className={classes.category}>
                    <span className={classes.name}>{names.category(row.category)}</span>
                  </th>
                </tr>
              )}
              <tr>
                <th scope="row" className={classes.option}>
                  {names.row(row)}
                </th>
                {columns.map((size, column) => {
                  const original = priceOf(row, size);
                  const key = cellKey(row, size);
                  return (
                    <td key={key} className={original === undefined ? classes.none : ""}>
                      {original !== undefined && (
                        <PriceCell
                          cell={key}
                          label={t.cellLabel(names.row(row), size ? names.size(size) : t.allSizes)}
                          original={original}
                          edit={edits.get(key)}
                          readOnly={readOnly}
                          row={index}
                          column={column}
                          onEdit={onEdit}
                        />
                      )}
                    </td>
                  );
                })}
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && (
        <Text p="md" c="dimmed">
          {t.noRows}
        </Text>
      )}
    </section>
  );
}

/** For all sizes (`undefined`) and for each size: the columns in which a row has a price. */
function columnsOf(
  catalogue: Schema<"Catalogue">,
  rows: readonly PriceRow[],
): (string | undefined)[] {
  const all = [undefined, ...sizesOf(catalogue)];
  return all.filter((size) => rows.some((row) => priceOf(row, size) !== undefined));
}

/** Which way a key goes, in rows and columns. */
const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Enter: [1, 0],
};

function moveByKey(event: KeyboardEvent<HTMLTableElement>): void {
  const way = WAYS[event.key];
  const from = placeOf(event.target);
  if (!way || !from || event.altKey || event.ctrlKey || event.metaKey) return;
  const [down, right] = event.key === "Enter" && event.shiftKey ? [-1, 0] : way;
  if (right !== 0 && !isAtEdge(event.target, right)) return;
  const next = findCell(event.currentTarget, from, down, right);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Left and right move within what is typed, until its edge is reached or all of it is selected. */
function isAtEdge(target: EventTarget, right: number): boolean {
  if (!(target instanceof HTMLInputElement)) return false;
  const { selectionStart, selectionEnd, value } = target;
  if (selectionStart === 0 && selectionEnd === value.length) return true;
  return right < 0 ? selectionEnd === 0 : selectionStart === value.length;
}

/** The next cell that way; in other rows the nearest column that has one. */
function findCell(
  table: HTMLTableElement,
  from: { row: number; column: number },
  down: number,
  right: number,
): HTMLInputElement | undefined {
  const cells = [...table.querySelectorAll<HTMLInputElement>("input[data-row]")];
  const placed = cells.flatMap((cell) => {
    const place = placeOf(cell);
    return place ? [{ cell, ...place }] : [];
  });
  if (right !== 0) {
    const row = placed.filter((each) => each.row === from.row);
    const ahead = row.filter((each) => (each.column - from.column) * right > 0);
    return ahead.at(right > 0 ? 0 : -1)?.cell;
  }
  const row = placed.filter((each) => each.row === from.row + down);
  const distance = (each: { column: number }) => Math.abs(each.column - from.column);
  return row.sort((one, other) => distance(one) - distance(other)).at(0)?.cell;
}

function placeOf(target: EventTarget): { row: number; column: number } | undefined {
  if (!(target instanceof HTMLElement) || target.dataset.row === undefined) return undefined;
  return { row: Number(target.dataset.row), column: Number(target.dataset.column) };
}
