// A kept report's headlines or one section as a file.

import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { asProblem } from "../../api/hooks";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { download, fileName } from "../../lib/download";
import { reportFile } from "./reading";
import { texts } from "./texts";

/** A button with both formats. Without a section it is the headlines. */
export function FileMenu(props: { id: string; kind: string; label: string; section?: string }) {
  const t = useTexts(texts);
  const { downloadFailed } = useTexts(common);
  const [busy, setBusy] = useState(false);
  const { id, kind, section } = props;
  const save = async (format: "csv" | "xlsx") => {
    setBusy(true);
    try {
      const file = await reportFile({ id, format, ...(section ? { section } : {}) });
      download(fileName(section ? `${kind}-${section}` : kind, format), file);
    } catch (thrown) {
      const { message } = asProblem(thrown);
      notifications.show({ color: "red", title: downloadFailed, message });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          loading={busy}
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          {props.label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["csv", "xlsx"] as const).map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {t[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
