// The sheet of keyboard shortcuts. Loaded when it is asked for.

import { Group, Kbd, Modal, Stack, Switch, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../i18n/texts";
import { pages } from "./pages";
import { useMe } from "./session";
import { shellTexts } from "./shell-texts";
import { useShortcutsEnabled } from "./shortcuts";

/** The sheet that lists all shortcuts that whoever is signed in has. */
export default function ShortcutHelp({
  opened,
  onClose,
}: {
  opened: boolean;
  onClose: () => void;
}) {
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
