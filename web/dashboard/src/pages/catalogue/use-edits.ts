// The changes of a grid that are not saved yet.

import { useCallback, useState } from "react";
import type { Edits, Price, Unreadable } from "./prices";

/** Changes, and the version that they were begun upon. */
export interface Editing {
  edits: Edits;
  /** The latest version that was seen when the first change was made; nothing without changes. */
  seenVersion: number | undefined;
  edit: (cell: string, edit: Price | Unreadable | undefined) => void;
  discard: () => void;
  /** Goes on upon another version: the changes stay. */
  takeOver: (version: number) => void;
}

/** Keeps changes. `latestVersion` is what the editor sees now. */
export function useEdits(latestVersion: number | undefined): Editing {
  const [edits, setEdits] = useState<Edits>(new Map());
  const [seen, setSeen] = useState<number>();
  const edit = useCallback(
    (cell: string, change: Price | Unreadable | undefined) => {
      setEdits((before) => {
        const after = new Map(before);
        if (change === undefined) after.delete(cell);
        else after.set(cell, change);
        return after;
      });
      setSeen((before) => before ?? latestVersion);
    },
    [latestVersion],
  );
  const discard = useCallback(() => {
    setEdits(new Map());
    setSeen(undefined);
  }, []);
  return {
    edits,
    seenVersion: edits.size > 0 ? seen : undefined,
    edit,
    discard,
    takeOver: setSeen,
  };
}
