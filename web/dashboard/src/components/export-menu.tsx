// A report as a file.

import { Button } from "@mantine/core";
import type { paths } from "@nest-haus/api";
import { IconDownload } from "@tabler/icons-react";
import type { Ref } from "react";
import { useLater } from "../app/use-later";
import type { RangeQuery } from "../app/view";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

const loadMenu = () => import("./export-menu-opened");

type Exported = NonNullable<paths["/api/admin/analytics/export"]["get"]["parameters"]["query"]>;

/** The reports that can be had as files. */
export type ExportedReport = NonNullable<Exported["report"]>;

/** Which report, and what it is asked, without comparison. */
export interface ExportMenuProps {
  report: ExportedReport;
  query: RangeQuery | { sessionId: string };
}

/** Offers a report as CSV, Excel or NDJSON. The menu is loaded when it is first opened. */
export function ExportMenu<Asked extends ExportMenuProps["query"]>(props: {
  report: ExportedReport;
  query: Asked;
}) {
  const [Menu, want] = useLater(loadMenu);
  return Menu ? <Menu {...props} /> : <ExportButton onClick={want} />;
}

/** The button alone. What else it is given goes to the button element. */
export function ExportButton(props: {
  loading?: boolean;
  onClick?: () => void;
  ref?: Ref<HTMLButtonElement>;
}) {
  const t = useTexts(common);
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      aria-haspopup="menu"
      {...props}
    >
      {t.export.label}
    </Button>
  );
}
