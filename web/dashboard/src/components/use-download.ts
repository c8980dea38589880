// Files that take a moment to make or to fetch.

import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { asProblem } from "../api/hooks";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import type { writeCsv } from "../lib/csv";
import { download, fileName } from "../lib/download";
import { useProblemWords } from "./problem-alert";

/** Saves files one at a time, and says so where that fails. */
export interface Download {
  /** Whether one is not there yet. */
  isBusy: boolean;
  /** Saves what `make` gives, under a name. */
  save: (name: string, make: () => Promise<Blob | undefined>) => Promise<void>;
  /** Saves a table as CSV; `words` are in the name of the file. */
  saveCsv: (words: string, ...table: Parameters<typeof writeCsv>) => Promise<void>;
}

/** Lets the browser save files. */
export function useDownload(): Download {
  const { downloadFailed: title } = useTexts(common);
  const sayProblem = useProblemWords();
  const [isBusy, setBusy] = useState(false);
  const save: Download["save"] = async (name, make) => {
    setBusy(true);
    try {
      const file = await make();
      if (file) download(name, file);
    } catch (thrown) {
      notifications.show({ color: "red", title, message: sayProblem(asProblem(thrown)) });
    } finally {
      setBusy(false);
    }
  };
  const saveCsv: Download["saveCsv"] = (words, ...table) =>
    save(fileName(words, "csv"), async () => {
      const csv = await import("../lib/csv");
      return new Blob([csv.writeCsv(...table)], { type: "text/csv" });
    });
  return { isBusy, save, saveCsv };
}
