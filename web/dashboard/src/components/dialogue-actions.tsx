// The buttons at the end of a dialogue.

import { Button, Group } from "@mantine/core";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** Cancel, and what the dialogue is for: the submit button of its form, if there is no `onConfirm`. */
export function DialogueActions(props: {
  /** What the button says: a verb. */
  action: string;
  onCancel: () => void;
  onConfirm?: () => void;
  isBusy: boolean;
  disabled?: boolean | undefined;
  /** Whether it destroys something. */
  danger?: boolean | undefined;
}) {
  const { cancel } = useTexts(common);
  const { action, onCancel, onConfirm, isBusy, disabled = false, danger } = props;
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onCancel}>
        {cancel}
      </Button>
      <Button
        {...(danger ? { color: "red.9" } : {})}
        {...(onConfirm ? { onClick: onConfirm } : { type: "submit" as const })}
        loading={isBusy}
        disabled={disabled}
      >
        {action}
      </Button>
    </Group>
  );
}
