// The menu of a report's files.

import { Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { api } from "../api/client";
import { asProblem } from "../api/hooks";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { download, fileName } from "../lib/download";
import { ExportButton, type ExportMenuProps } from "./export-menu";
import { useProblemWords } from "./problem-alert";
import { useOpenedFirst } from "./use-opened-first";

const FORMATS = ["csv", "xlsx", "ndjson"] as const;

type Format = (typeof FORMATS)[number];

/** The menu, opened at once, and the button that opens it again. */
export default function ExportMenuOpened({ report, query: asked }: ExportMenuProps) {
  const t = useTexts(common);
  const sayProblem = useProblemWords();
  const [busy, setBusy] = useState(false);
  const { button, opened, setOpened } = useOpenedFirst();
  const save = async (format: Format) => {
    setBusy(true);
    try {
      const query = { ...asked, report, format };
      const { data } = await api.GET("/api/admin/analytics/export", {
        params: { query },
        parseAs: "blob",
      });
      if (data) download(fileName(report, format), data);
    } catch (thrown) {
      const message = sayProblem(asProblem(thrown));
      notifications.show({ color: "red", title: t.downloadFailed, message });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu opened={opened} onChange={setOpened}>
      <Menu.Target>
        <ExportButton loading={busy} ref={button} />
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {t.export[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
