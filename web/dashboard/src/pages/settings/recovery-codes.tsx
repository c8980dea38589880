// Recovery codes, the one time that they are shown.

import { Button, Code, CopyButton, Group, Stack } from "@mantine/core";
import { Notice } from "../../components/notice";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { download, fileName } from "../../lib/download";
import { texts } from "./texts";

/** The codes, with ways to keep them. */
export function RecoveryCodes(props: { codes: readonly string[]; onDone: () => void }) {
  const t = useTexts(texts).factor;
  const { copy, copied } = useTexts(common);
  const text = props.codes.join("\n");
  const save = () =>
    download(fileName(t.fileName, "txt"), new Blob([`${text}\n`], { type: "text/plain" }));
  return (
    <Stack>
      <Notice tone="warning">{t.codesText}</Notice>
      <Code block tabIndex={0}>
        {text}
      </Code>
      <Group justify="flex-end">
        <Button variant="default" onClick={save}>
          {t.save}
        </Button>
        <CopyButton value={text}>
          {({ copied: isCopied, copy: doCopy }) => (
            <Button variant="default" onClick={doCopy} aria-live="polite">
              {isCopied ? copied : copy}
            </Button>
          )}
        </CopyButton>
        <Button onClick={props.onDone}>{t.kept}</Button>
      </Group>
    </Stack>
  );
}
