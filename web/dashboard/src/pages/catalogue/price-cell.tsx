// One price in the grid: euros, or "on request".

import { memo, useState } from "react";
import { useFormats } from "../../app/navigation";
import { useTexts } from "../../i18n/texts";
import classes from "./grid.module.css";
import { type Price, readPrice, type Unreadable } from "./prices";
import { texts } from "./texts";

/** What a cell shows and says. */
export interface PriceCellProps {
  /** Names it among the changes. */
  cell: string;
  /** What it is the price of. */
  label: string;
  original: Price;
  edit: Price | Unreadable | undefined;
  readOnly: boolean;
  /** Its place among the cells, for the arrow keys. */
  row: number;
  column: number;
  /** Takes the change over; nothing where the price is the original again. */
  onEdit: (cell: string, edit: Price | Unreadable | undefined) => void;
}

/** A field that is read when it is left or Enter is pressed; Escape gives the original back. */
export const PriceCell = memo(function PriceCell(props: PriceCellProps) {
  const t = useTexts(texts);
  const writePrice = useWritePrice();
  const { cell, original, edit, onEdit } = props;
  const isWrong = typeof edit === "object";
  const shown = isWrong ? edit.typed : writePrice(edit ?? original);
  const [typed, setTyped] = useState<string>();
  const settle = () => {
    if (typed !== undefined && typed !== shown) onEdit(cell, editOf(typed, original));
    setTyped(undefined);
  };
  const state = isWrong ? classes.wrong : edit === undefined ? "" : classes.changed;
  const was = t.was(writePrice(original));
  return (
    <input
      className={`${classes.input} ${state}`}
      value={typed ?? shown}
      readOnly={props.readOnly}
      aria-label={props.label}
      aria-invalid={isWrong}
      aria-description={isWrong ? t.noPrice : edit === undefined ? undefined : was}
      title={isWrong ? t.noPrice : edit === undefined ? undefined : was}
      data-row={props.row}
      data-column={props.column}
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") settle();
        if (event.key !== "Escape") return;
        event.stopPropagation();
        setTyped(undefined);
        onEdit(cell, undefined);
      }}
    />
  );
});

/** What typing does to a cell: nothing where it is the original price. */
export function editOf(typed: string, original: Price): Price | Unreadable | undefined {
  const price = readPrice(typed);
  if (price === original) return undefined;
  return price ?? { typed };
}

/** Writes prices as the grid shows them: euros without their sign. */
export function useWritePrice(): (price: Price) => string {
  const t = useTexts(texts);
  const formats = useFormats();
  return (price) => (typeof price === "number" ? formats.decimal(price / 100, 2) : t.onRequest);
}
