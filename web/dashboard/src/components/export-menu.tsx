// Reports as files: menus of the formats that there are.

import { Button, Menu } from "@mantine/core";
import type { paths } from "@nest-haus/api";
import { IconDownload } from "@tabler/icons-react";
import { api } from "../api/client";
import type { RangeQuery } from "../app/view";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { fileName } from "../lib/download";
import { useDownload } from "./use-download";

type Exported = NonNullable<paths["/api/admin/analytics/export"]["get"]["parameters"]["query"]>;

/** The reports that can be had as files. */
export type ExportedReport = NonNullable<Exported["report"]>;

/** Offers a report as CSV, Excel or NDJSON. `query` is what the report is asked, without comparison. */
export function ExportMenu<Asked extends RangeQuery | { sessionId: string }>(props: {
  report: ExportedReport;
  query: Asked;
}) {
  const { report } = props;
  const make = async (format: NonNullable<Exported["format"]>) => {
    const query = { ...props.query, report, format };
    const path = "/api/admin/analytics/export";
    return (await api.GET(path, { params: { query }, parseAs: "blob" })).data;
  };
  const { label } = useTexts(common).export;
  return <FormatMenu label={label} formats={["csv", "xlsx", "ndjson"]} name={report} make={make} />;
}

/** Offers formats by a button with a label. `name` is in the name of the file, which `make` makes or fetches. */
export function FormatMenu<Format extends "csv" | "xlsx" | "ndjson">(props: {
  label: string;
  formats: readonly Format[];
  name: string;
  make: (format: Format) => Promise<Blob | undefined>;
  size?: "xs" | "sm";
}) {
  const t = useTexts(common).export;
  const { isBusy, save } = useDownload();
  const { label, formats, name, make, size = "sm" } = props;
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="default"
          size={size}
          loading={isBusy}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item
            key={format}
            onClick={() => void save(fileName(name, format), () => make(format))}
          >
            {t[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
