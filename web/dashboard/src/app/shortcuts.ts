// Keyboard shortcuts: `?` for help, `/` for the search field, `r` to refresh, `g` and a letter to a page.

import { useLocalStorage } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useGoTo } from "./navigation";
import { pages } from "./pages";
import { useMe } from "./session";

const SEQUENCE_MS = 1_500;

/** Whether single keys are shortcuts here; speech input needs them off (WCAG 2.1.4). */
export function useShortcutsEnabled() {
  return useLocalStorage({
    key: "nest-haus-shortcuts",
    defaultValue: true,
    getInitialValueInEffect: false,
  });
}

/** Listens for shortcuts while it is mounted. */
export function useShortcuts(openHelp: () => void): void {
  const [enabled] = useShortcutsEnabled();
  const goTo = useGoTo();
  const queries = useQueryClient();
  const { data: me } = useMe();
  const sequenceUntil = useRef(0);

  useEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const inSequence = event.timeStamp < sequenceUntil.current;
      sequenceUntil.current = 0;
      if (inSequence) {
        const page = pages.find(({ shortcut }) => shortcut === event.key);
        const may = page && (!page.permission || me?.permissions.includes(page.permission));
        if (may) goTo({ to: page.path });
        return;
      }
      if (event.key === "g") sequenceUntil.current = event.timeStamp + SEQUENCE_MS;
      if (event.key === "r") void queries.invalidateQueries();
      if (event.key === "?") openHelp();
      if (event.key === "/" && focusSearch()) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [enabled, goTo, queries, me, openHelp]);
}

/** Whether a key belongs to what it was pressed in: a field, an open dialogue, a combination. */
function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.closest("input, textarea, select, [contenteditable], [role=dialog]") !== null;
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLElement>("[data-shortcut=search]");
  field?.focus();
  return field !== null;
}
