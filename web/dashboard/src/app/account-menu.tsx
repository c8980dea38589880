// Who is signed in; language, appearance, help, sign out.

import { ActionIcon, Menu, Text, useMantineColorScheme } from "@mantine/core";
import {
  IconBook2,
  IconCheck,
  IconKeyboard,
  IconLogout,
  IconUserCircle,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { type Language, useLanguage } from "../i18n/language";
import { useTexts } from "../i18n/texts";
import { useMe, useSignOut } from "./session";
import { shellTexts } from "./shell-texts";

const LANGUAGES: Readonly<Record<Language, string>> = { de: "Deutsch", en: "English" };
const SCHEMES = ["light", "dark", "auto"] as const;

/** The menu at the end of the header. */
export function AccountMenu({ openHelp }: { openHelp: () => void }) {
  const t = useTexts(shellTexts);
  const { data: me } = useMe();
  const { language, setLanguage } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={t.account.menu}>
          <IconUserCircle size={22} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {me && (
          <Menu.Label>
            <Text size="sm" truncate>
              {me.email}
            </Text>
            <Text size="xs" c="dimmed">
              {t.roles[me.role]}
            </Text>
          </Menu.Label>
        )}
        <Menu.Label>{t.account.language}</Menu.Label>
        {(["de", "en"] as const).map((each) => (
          <Choice key={each} chosen={each === language} choose={() => setLanguage(each)}>
            <span lang={each}>{LANGUAGES[each]}</span>
          </Choice>
        ))}
        <Menu.Label>{t.account.scheme}</Menu.Label>
        {SCHEMES.map((each) => (
          <Choice key={each} chosen={each === colorScheme} choose={() => setColorScheme(each)}>
            {t.account.schemes[each]}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={openHelp}>
          {t.account.help}
        </Menu.Item>
        <Menu.Item
          component="a"
          href="/api/docs"
          target="_blank"
          leftSection={<IconBook2 size={16} aria-hidden />}
        >
          {t.account.api}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void signOut()}
        >
          {t.account.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Choice(props: { chosen: boolean; choose: () => void; children: ReactNode }) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={props.chosen}
      closeMenuOnClick={false}
      onClick={props.choose}
      rightSection={props.chosen ? <IconCheck size={16} aria-hidden /> : null}
    >
      {props.children}
    </Menu.Item>
  );
}
