// The menu at the end of the header: who is signed in; language, appearance, help, sign out.

import { Menu, Text, useMantineColorScheme } from "@mantine/core";
import { IconBook2, IconKeyboard, IconLogout } from "@tabler/icons-react";
import { useOpenedFirst } from "../components/use-opened-first";
import { type Language, useLanguage } from "../i18n/language";
import { useTexts } from "../i18n/texts";
import { AccountButton } from "./account-menu";
import { useMe, useSignOut } from "./session";
import { shellTexts } from "./shell-texts";
import { oneOf } from "./view";

const LANGUAGES = ["de", "en"] as const;
const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { de: "Deutsch", en: "English" };
const SCHEMES = ["light", "dark", "auto"] as const;

/** The menu, opened at once, and the button that opens it again. */
export default function AccountMenuOpened({ openHelp }: { openHelp: () => void }) {
  const t = useTexts(shellTexts);
  const { data: me } = useMe();
  const { language, setLanguage } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  const { button, opened, setOpened } = useOpenedFirst();
  return (
    <Menu position="bottom-end" width={240} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <AccountButton ref={button} />
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
        <Menu.RadioGroup
          value={language}
          onChange={(value) => setLanguage(oneOf(LANGUAGES, value) ?? language)}
        >
          {LANGUAGES.map((each) => (
            <Menu.RadioItem key={each} value={each}>
              <span lang={each}>{LANGUAGE_NAMES[each]}</span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{t.account.scheme}</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(value) => setColorScheme(oneOf(SCHEMES, value) ?? colorScheme)}
        >
          {SCHEMES.map((each) => (
            <Menu.RadioItem key={each} value={each}>
              {t.account.schemes[each]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
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
