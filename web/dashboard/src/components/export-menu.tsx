// A report as a file.

import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { paths } from "@nest-haus/api";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { asProblem } from "../api/as-problem";
import { api } from "../api/client";
import type { RangeQuery } from "../app/view";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { download, fileName } from "../lib/download";

type Exported = NonNullable<paths["/api/admin/analytics/export"]["get"]["parameters"]["query"]>;

/** The reports that can be had as files. */
export type ExportedReport = NonNullable<Exported["report"]>;

/** Offers a report as CSV, Excel or NDJSON. `query` is what the report is asked, without comparison. */
export function ExportMenu<Asked extends RangeQuery | { sessionId: string }>(props: {
  report: ExportedReport;
  query: Asked;
}) {
  const t = useTexts(common);
  const [busy, setBusy] = useState(false);
  const save = async (format: NonNullable<Exported["format"]>) => {
    setBusy(true);
    try {
      const query = { ...props.query, report: props.report, format };
      const { data } = await api.GET("/api/admin/analytics/export", {
        params: { query },
        parseAs: "blob",
      });
      if (data) download(fileName(props.report, format), data);
    } catch (thrown) {
      const problem = asProblem(thrown);
      notifications.show({ color: "red", title: t.downloadFailed, message: problem.message });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="default"
          loading={busy}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t.export.label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(["csv", "xlsx", "ndjson"] as const).map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {t.export[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
