// The menu of files, opened.

import { Menu } from "@mantine/core";
import { MenuButton, type OfferedFile } from "./export-menu";
import { useDownload } from "./use-download";
import { useOpenedFirst } from "./use-opened-first";

/** The menu, opened at once, and the button that opens it again. */
export default function ExportMenuOpened(props: {
  label: string;
  size: "xs" | "sm";
  files: readonly OfferedFile[];
}) {
  const { isBusy, save } = useDownload();
  const { button, opened, setOpened } = useOpenedFirst();
  return (
    <Menu opened={opened} onChange={setOpened}>
      <Menu.Target>
        <MenuButton label={props.label} size={props.size} loading={isBusy} ref={button} />
      </Menu.Target>
      <Menu.Dropdown>
        {props.files.map(({ name, label, make }) => (
          <Menu.Item key={name} onClick={() => void save(name, make)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
