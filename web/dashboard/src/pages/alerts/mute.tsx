// Mutes a rule for a while, and takes that back.

import { Button, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { ChoiceSelect } from "../../components/choice-select";
import { Confirm } from "../../components/confirm";
import { useProblemWords } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useRuleWords } from "./words";

const SPANS = ["1", "4", "24", "72", "168", "720"] as const;
const MS_AN_HOUR = 3_600_000;

function useMute() {
  return useChange(
    (body: Schema<"Mute">) => api.POST("/api/admin/alerts/mute", { body }),
    ["/api/admin/alerts/rules", "/api/admin/alerts"],
  );
}

/** The dialogue; `rule` is nothing while it is closed. */
export function MuteDialogue({ rule, onClose }: { rule: string | undefined; onClose: () => void }) {
  const t = useTexts(texts);
  const words = useRuleWords();
  const formats = useFormats();
  const mute = useMute();
  const [hours, setHours] = useState<(typeof SPANS)[number]>("4");
  const until = () => new Date(Date.now() + Number(hours) * MS_AN_HOUR).toISOString();
  const confirm = async () => {
    if (rule === undefined) return;
    await mute.mutateAsync({ rule, until: until() });
    notifications.show({ message: t.muteDone });
  };
  return (
    <Confirm
      opened={rule !== undefined}
      onClose={onClose}
      title={rule === undefined ? "" : t.muteOf(words(rule).wrong)}
      action={t.mute}
      onConfirm={confirm}
    >
      <Text size="sm">{t.muteText}</Text>
      <ChoiceSelect
        label={t.muteFor}
        words={SPANS}
        names={t.muteSpans}
        value={hours}
        onChange={setHours}
      />
      <Text size="sm" c="dimmed">
        {t.muteUntil(formats.dateTime(until()))}
      </Text>
    </Confirm>
  );
}

/** The button that lets a rule be told of again. */
export function UnmuteButton({ rule }: { rule: string }) {
  const t = useTexts(texts);
  const words = useRuleWords();
  const mute = useMute();
  const sayProblem = useProblemWords();
  const unmute = () =>
    mute.mutate(
      { rule, until: null },
      {
        onSuccess: () => notifications.show({ message: t.unmuteDone }),
        onError: (problem) => notifications.show({ color: "red", message: sayProblem(problem) }),
      },
    );
  return (
    <Button
      size="compact-sm"
      variant="default"
      loading={mute.isPending}
      aria-label={t.unmuteOf(words(rule).wrong)}
      onClick={unmute}
    >
      {t.unmute}
    </Button>
  );
}
