// Tables: sorting by keyboard and pointer, a head that stays, a region that scrolls sideways.

import { Box, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { type ReactNode, useMemo, useState } from "react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import type { Cell } from "../lib/csv";
import classes from "./data-table.module.css";

/** A column of a table of `Row`s. */
export interface Column<Row> {
  /** Names it among the columns. */
  id: string;
  header: string;
  /** What it is sorted by, and what a CSV holds. */
  value: (row: Row) => Cell;
  /** How numbers are written; they stand right. */
  format?: (value: number) => string;
  /** How instants are written. */
  instant?: (value: string) => string;
  /** What shows, where that is more than `value`. */
  cell?: (row: Row) => ReactNode;
  /** Where it stands: right, if it has a `format`. */
  align?: "left" | "right";
  /** Whether it can be sorted by (it can, if left out). */
  sortable?: boolean;
}

/** A table's order: a column's id, and the way. */
export interface Order {
  id: string;
  desc: boolean;
}

/** What a table shows. */
export interface DataTableProps<Row> {
  /** What the table is, for its caption. */
  label: string;
  /** Must be stable: from `useMemo`, or a constant of the module. */
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  /** Names a row among the rows. */
  rowKey: (row: Row, index: number) => string;
  /** The order at first, where rows are sorted here; the order of `rows`, if left out. */
  initialOrder?: Order;
  /** For rows that the server sorts: the order it has, and how to ask for another. */
  server?: { order: Order | undefined; onOrder: (order: Order) => void };
  /** The height, in pixels, from which the rows scroll below the head. */
  maxHeight?: number;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

/** A table. Nothing (`null`) is sorted last. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const t = useTexts(common).table;
  const { label, columns, rows, rowKey, server, maxHeight } = props;
  const [ownSorting, setSorting] = useState<SortingState>(
    props.initialOrder ? [props.initialOrder] : [],
  );
  const sorting = server ? (server.order ? [server.order] : []) : ownSorting;
  const definitions = useMemo(() => columns.map(define<Row>), [columns]);
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    state: { sorting },
    onSortingChange: (update) => {
      const next = typeof update === "function" ? update(sorting) : update;
      const [order] = next;
      if (!server) setSorting(next);
      else if (order) server.onOrder(order);
    },
    manualSorting: server !== undefined,
    enableSortingRemoval: false,
  });
  return (
    <Box
      role="region"
      aria-label={t.scroll(label)}
      tabIndex={0}
      className={classes.region ?? ""}
      style={maxHeight === undefined ? {} : { maxHeight }}
    >
      <table className={classes.table}>
        <caption className={classes.caption}>{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const head = table.getColumn(column.id);
              return (
                <HeaderCell
                  key={column.id}
                  header={column.header}
                  align={alignOf(column)}
                  sorted={head?.getCanSort() ? head.getIsSorted() : undefined}
                  onSort={() => head?.toggleSorting()}
                />
              );
            })}
          </tr>
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={rowKey(row.original, row.index)}>
              {columns.map((column) => (
                <td
                  key={column.id}
                  className={alignOf(column) === "right" ? classes.right : undefined}
                >
                  {column.cell ? column.cell(row.original) : write(column, row.original)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && (
        <Text c="dimmed" size="sm" p="sm">
          {t.none}
        </Text>
      )}
    </Box>
  );
}

function HeaderCell(props: {
  header: string;
  align: "left" | "right";
  /** Nothing, where the column cannot be sorted by. */
  sorted: false | "asc" | "desc" | undefined;
  onSort: () => void;
}) {
  const { header, align, sorted, onSort } = props;
  const alignment = align === "right" ? classes.right : undefined;
  if (sorted === undefined) {
    return (
      <th scope="col" className={alignment}>
        {header}
      </th>
    );
  }
  const Arrow = sorted === false ? IconArrowsSort : sorted === "asc" ? IconArrowUp : IconArrowDown;
  const order = sorted === false ? "none" : sorted === "asc" ? "ascending" : "descending";
  return (
    <th scope="col" className={alignment} aria-sort={order}>
      <UnstyledButton onClick={onSort} fz="sm" fw={700} className={classes.sort ?? ""}>
        {header}
        <Arrow size={14} aria-hidden className={sorted ? "" : (classes.unsorted ?? "")} />
      </UnstyledButton>
    </th>
  );
}

function alignOf<Row>({ align, format }: Column<Row>): "left" | "right" {
  return align ?? (format ? "right" : "left");
}

/** Writes what a cell holds; a dash for nothing. */
function write<Row>({ value, format, instant }: Column<Row>, row: Row): string | number {
  const cell = value(row);
  if (typeof cell === "number" && format) return format(cell);
  if (typeof cell === "string" && instant) return instant(cell);
  return cell ?? "–";
}

function define<Row extends object>(column: Column<Row>): ColumnDef<typeof features, Row, unknown> {
  return {
    id: column.id,
    // Nothing is `undefined` here: that is what can be sorted last.
    accessorFn: (row) => column.value(row) ?? undefined,
    enableSorting: column.sortable ?? true,
    sortUndefined: "last",
    sortDescFirst: alignOf(column) === "right",
    sortFn: compareRows,
  };
}

function compareRows(
  one: { getValue: (id: string) => unknown },
  other: { getValue: (id: string) => unknown },
  id: string,
): number {
  const [a, b] = [one.getValue(id), other.getValue(id)];
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
