// The price table as a file: downloaded, edited elsewhere, uploaded again.

import { Button, FileButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api/client";
import { asProblem } from "../../api/hooks";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { download, fileName } from "../../lib/download";
import type { Source } from "./edit";
import { texts } from "./texts";

/** Two buttons. Nothing is saved by an upload: it is reviewed first. */
export function Files(props: {
  /** The version that shows; the one in force, if left out. */
  version: number | undefined;
  mayUpload: boolean;
  onUpload: (source: Source) => void;
}) {
  const t = useTexts(texts);
  const { downloadFailed } = useTexts(common);
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const query = { format: "csv", ...(props.version ? { version: props.version } : {}) };
      const { data } = await api.GET("/api/admin/catalog", { params: { query }, parseAs: "blob" });
      if (data) download(fileName(t.fileName, "csv"), data);
    } catch (thrown) {
      const { message } = asProblem(thrown);
      notifications.show({ color: "red", title: downloadFailed, message });
    } finally {
      setBusy(false);
    }
  };
  const upload = async (file: File | null) => {
    if (file) props.onUpload({ kind: "csv", csv: await file.text(), name: file.name });
  };
  return (
    <>
      <Button
        variant="default"
        loading={busy}
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => void save()}
      >
        {t.downloadCsv}
      </Button>
      {props.mayUpload && (
        <FileButton accept="text/csv,.csv" onChange={(file) => void upload(file)}>
          {(button) => (
            <Button
              {...button}
              variant="default"
              leftSection={<IconUpload size={16} aria-hidden />}
            >
              {t.uploadCsv}
            </Button>
          )}
        </FileButton>
      )}
    </>
  );
}
