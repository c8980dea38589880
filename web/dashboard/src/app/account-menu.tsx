// The menu at the end of the header, which is loaded when it is first opened.

import { ActionIcon } from "@mantine/core";
import { IconUserCircle } from "@tabler/icons-react";
import type { Ref } from "react";
import { useTexts } from "../i18n/texts";
import { shellTexts } from "./shell-texts";
import { useLater } from "./use-later";

const loadMenu = () => import("./account-menu-opened");

/** The menu. */
export function AccountMenu(props: { openHelp: () => void }) {
  const [Menu, want] = useLater(loadMenu);
  return Menu ? <Menu {...props} /> : <AccountButton onClick={want} />;
}

/** The button alone. What else it is given goes to the button element. */
export function AccountButton(props: { onClick?: () => void; ref?: Ref<HTMLButtonElement> }) {
  const t = useTexts(shellTexts);
  return (
    <ActionIcon
      variant="subtle"
      size="lg"
      aria-label={t.account.menu}
      aria-haspopup="menu"
      {...props}
    >
      <IconUserCircle size={22} aria-hidden />
    </ActionIcon>
  );
}
