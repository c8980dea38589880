// Says that somebody knows of an alert.

import { Text, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { Confirm } from "../../components/confirm";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useRuleWords } from "./words";

const NOTE_CHARS_MAX = 1000;

/** The dialogue; `alert` is nothing while it is closed. */
export function AcknowledgeDialogue(props: {
  alert: Schema<"AlertView"> | undefined;
  onClose: () => void;
}) {
  const t = useTexts(texts);
  const words = useRuleWords();
  const [note, setNote] = useState("");
  const { alert, onClose } = props;
  const acknowledge = useChange(
    (body: Schema<"Acknowledgement">) => api.POST("/api/admin/alerts/acknowledge", { body }),
    ["/api/admin/alerts"],
  );
  const close = () => {
    setNote("");
    onClose();
  };
  const confirm = async () => {
    if (!alert) return;
    await acknowledge.mutateAsync({ id: alert.id, note: note.trim() || null });
    notifications.show({ message: t.acknowledgeDone });
  };
  return (
    <Confirm
      opened={alert !== undefined}
      onClose={close}
      title={alert ? t.acknowledgeOf(words(alert.rule, alert.title).wrong) : ""}
      action={t.acknowledge}
      onConfirm={confirm}
    >
      <Text size="sm">{t.acknowledgeText}</Text>
      <Textarea
        label={t.note}
        description={t.noteHint}
        maxLength={NOTE_CHARS_MAX}
        autosize
        minRows={2}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </Confirm>
  );
}
