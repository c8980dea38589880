// The price table as a file: downloaded, edited elsewhere, uploaded again.

import { Button, FileButton } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { api } from "../../api/client";
import { useDownload } from "../../components/use-download";
import { useTexts } from "../../i18n/texts";
import { fileName } from "../../lib/download";
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
  const { isBusy, save } = useDownload();
  const table = async () => {
    const query = { format: "csv", ...(props.version ? { version: props.version } : {}) };
    return (await api.GET("/api/admin/catalog", { params: { query }, parseAs: "blob" })).data;
  };
  const upload = async (file: File | null) => {
    if (file) props.onUpload({ kind: "csv", csv: await file.text(), name: file.name });
  };
  return (
    <>
      <Button
        variant="default"
        loading={isBusy}
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => void save(fileName(t.fileName, "csv"), table)}
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
