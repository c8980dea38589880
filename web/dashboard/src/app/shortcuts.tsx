// Keyboard shortcuts: `?` for help, `/` for the search field, `r` to refresh, `g` and a letter to a page.

import { Group, Kbd, Modal, Stack, Switch, Table, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { useTexts } from "../i18n/texts";
import { useGoTo } from "./navigation";
import { pages } from "./pages";
import { useMe } from "./session";
import { shellTexts } from "./shell-texts";

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

/** The sheet that lists all shortcuts that whoever is signed in has. */
export function ShortcutHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useTexts(shellTexts);
  const { data: me } = useMe();
  const [enabled, setEnabled] = useShortcutsEnabled();
  const reachable = pages.filter(
    ({ shortcut, permission }) => shortcut && (!permission || me?.permissions.includes(permission)),
  );
  return (
    <Modal opened={opened} onClose={onClose} title={t.shortcuts.title} size="md">
      <Stack>
        <Switch
          label={t.shortcuts.enabled}
          description={t.shortcuts.enabledHint}
          checked={enabled}
          onChange={(event) => setEnabled(event.currentTarget.checked)}
        />
        <Table>
          <Table.Tbody>
            <Shortcut keys={<Kbd>?</Kbd>} does={t.shortcuts.help} />
            <Shortcut keys={<Kbd>/</Kbd>} does={t.shortcuts.search} />
            <Shortcut keys={<Kbd>r</Kbd>} does={t.shortcuts.refresh} />
            {reachable.map(({ key, shortcut }) => (
              <Shortcut
                key={key}
                keys={
                  <Group gap={6} wrap="nowrap">
                    <Kbd>g</Kbd>
                    <Text size="sm">{t.shortcuts.afterwards}</Text>
                    <Kbd>{shortcut}</Kbd>
                  </Group>
                }
                does={t.shortcuts.goTo(t.pages[key])}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Modal>
  );
}

function Shortcut({ keys, does }: { keys: ReactNode; does: string }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" w={140} fw={400}>
        {keys}
      </Table.Th>
      <Table.Td>{does}</Table.Td>
    </Table.Tr>
  );
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
