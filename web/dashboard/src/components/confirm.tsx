// Asks before something is done that cannot be undone at once.

import { Modal, Stack, TextInput } from "@mantine/core";
import type { Problem } from "@nest-haus/api";
import { type ReactNode, useState } from "react";
import { asProblem } from "../api/hooks";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import { DialogueActions } from "./dialogue-actions";
import { ProblemAlert } from "./problem-alert";

/** What is asked. */
export interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  /** What is about to be done, as a question. */
  title: string;
  /** What follows from it. */
  children: ReactNode;
  /** What the button says: a verb. */
  action: string;
  /** Whether it destroys something. */
  danger?: boolean;
  /** Whether it cannot be done as it is. */
  disabled?: boolean;
  /** A word to be typed first, for what cannot be undone at all. */
  word?: string;
  /** Does it. The dialogue closes when it is done, and shows why it was not. */
  onConfirm: () => Promise<unknown>;
}

/** A dialogue with one question. */
export function Confirm(props: ConfirmProps) {
  const t = useTexts(common);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const close = () => {
    setTyped("");
    setProblem(undefined);
    props.onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await props.onConfirm();
      close();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={props.opened} onClose={close} title={props.title} centered>
      <Stack>
        {props.children}
        {props.word !== undefined && (
          <TextInput
            label={t.confirm.type(props.word)}
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {problem && <ProblemAlert problem={problem} />}
        <DialogueActions
          action={props.action}
          onCancel={close}
          onConfirm={() => void confirm()}
          isBusy={busy}
          disabled={props.disabled || (props.word !== undefined && typed !== props.word)}
          danger={props.danger}
        />
      </Stack>
    </Modal>
  );
}
