// Reports as files: menus of the formats that there are, loaded when they are first opened.

import { Button } from "@mantine/core";
import type { paths } from "@nest-haus/api";
import { IconDownload } from "@tabler/icons-react";
import type { Ref } from "react";
import { api } from "../api/client";
import { useLater } from "../app/use-later";
import type { RangeQuery } from "../app/view";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { fileName } from "../lib/download";

const loadMenu = () => import("./export-menu-opened");

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

/** A file that a menu offers: its name, what the menu calls it, and how to make or fetch it. */
export interface OfferedFile {
  name: string;
  label: string;
  make: () => Promise<Blob | undefined>;
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
  const [Menu, want] = useLater(loadMenu);
  const { label, formats, name, make, size = "sm" } = props;
  const files = formats.map((format) => ({
    name: fileName(name, format),
    label: t[format],
    make: () => make(format),
  }));
  return Menu ? (
    <Menu label={label} size={size} files={files} />
  ) : (
    <MenuButton label={label} size={size} onClick={want} />
  );
}

/** The button of such a menu. What else it is given goes to the button element. */
export function MenuButton(props: {
  label: string;
  size: "xs" | "sm";
  loading?: boolean;
  onClick?: () => void;
  ref?: Ref<HTMLButtonElement>;
}) {
  const { label, ...rest } = props;
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      aria-haspopup="menu"
      {...rest}
    >
      {label}
    </Button>
  );
}
