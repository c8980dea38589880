// Sets a rule: threshold, minimum count, cool-down, severity, owner, and whether it is looked at.

import {
  Button,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { oneOf } from "../../app/view";
import { DialogueActions } from "../../components/dialogue-actions";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useRuleWords, useUnitFormat } from "./words";

type Rule = Schema<"AlertRule">;

const SEVERITIES = ["critical", "warning"] as const;
const UNITS = ["ms", "minutes", "share", "times", "count", "score"] as const;
const COOL_DOWN_MINUTES_MAX = 10_080;
const PERCENT = 100;
const DIGITS = 12;

/** The dialogue; `rule` is nothing while it is closed. */
export function RuleDialogue({ rule, onClose }: { rule: Rule | undefined; onClose: () => void }) {
  const t = useTexts(texts);
  const words = useRuleWords();
  return (
    <Modal
      opened={rule !== undefined}
      onClose={onClose}
      title={rule ? t.editOf(words(rule.rule, rule.summary).wrong) : ""}
    >
      {rule && <RuleForm rule={rule} onDone={onClose} />}
    </Modal>
  );
}

function RuleForm({ rule, onDone }: { rule: Rule; onDone: () => void }) {
  const t = useTexts(texts);
  const { save: saveText } = useTexts(common);
  const form = t.form;
  const words = useRuleWords();
  const formats = useFormats();
  const [draft, setDraft] = useState(() => ({ ...rule.settings, owner: rule.owner ?? "" }));
  const change = (part: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...part }));
  const save = useChange(
    (body: Schema<"AlertRuleChange">) => api.PUT("/api/admin/alerts/rules", { body }),
    ["/api/admin/alerts/rules"],
  );
  const fieldError = useFieldError(save.error);
  const { defaults } = rule;
  const send = (body: Schema<"AlertRuleChange">) =>
    save.mutate(body, {
      onSuccess: () => {
        notifications.show({ message: form.saved });
        onDone();
      },
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(changeOf(rule, draft));
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {words(rule.rule, rule.summary).means}
        </Text>
        <Switch
          label={form.enabled}
          checked={draft.enabled}
          onChange={(event) => change({ enabled: event.currentTarget.checked })}
        />
        <ThresholdInput
          rule={rule}
          value={draft.threshold}
          error={fieldError("threshold")}
          onChange={(threshold) => change({ threshold })}
        />
        <NumberInput
          label={form.countMin}
          description={form.countMinHint(formats.count(defaults.countMin))}
          min={0}
          allowDecimal={false}
          value={draft.countMin}
          error={fieldError("countMin")}
          onChange={(value) => change({ countMin: Number(value) })}
        />
        <NumberInput
          label={form.coolDown}
          description={form.coolDownHint(t.minutes(formats.count(defaults.coolDownMinutes)))}
          min={0}
          max={COOL_DOWN_MINUTES_MAX}
          allowDecimal={false}
          value={draft.coolDownMinutes}
          error={fieldError("coolDownMinutes")}
          onChange={(value) => change({ coolDownMinutes: Number(value) })}
        />
        <Select
          label={t.severity}
          description={form.severityHint(t.severities[defaults.severity])}
          allowDeselect={false}
          value={draft.severity}
          data={SEVERITIES.map((value) => ({ value, label: t.severities[value] }))}
          error={fieldError("severity")}
          onChange={(severity) => change({ severity: severity ?? defaults.severity })}
        />
        <TextInput
          label={t.owner}
          description={form.ownerHint}
          value={draft.owner}
          error={fieldError("owner")}
          onChange={(event) => change({ owner: event.currentTarget.value })}
        />
        <Text size="xs" c="dimmed">
          {form.audit}
        </Text>
        {save.error && <ProblemAlert problem={save.error} />}
        <Group justify="space-between">
          <Button
            variant="subtle"
            disabled={!rule.edited}
            onClick={() => send({ rule: rule.rule })}
          >
            {form.reset}
          </Button>
          <DialogueActions action={saveText} onCancel={onDone} isBusy={save.isPending} />
        </Group>
      </Stack>
    </form>
  );
}

function ThresholdInput(props: {
  rule: Rule;
  value: number;
  error: string | null;
  onChange: (threshold: number) => void;
}) {
  const t = useTexts(texts).form;
  const formats = useFormats();
  const write = useUnitFormat();
  const { rule, value, error, onChange } = props;
  const unit = oneOf(UNITS, rule.unit);
  const { threshold, clearFactor } = rule.defaults;
  const itself = write(threshold, rule.unit);
  const clear = formats.share(clearFactor, 0);
  const hints = {
    count: t.countHint(itself),
    score: t.scoreHint(itself, clear),
    other: t.thresholdHint(itself, clear),
  };
  const isShare = unit === "share";
  return (
    <NumberInput
      label={t.threshold(unit ? t.units[unit] : rule.unit)}
      description={hints[unit === "count" || unit === "score" ? unit : "other"]}
      min={0}
      value={isShare ? exact(value * PERCENT) : value}
      error={error}
      onChange={(given) => onChange(isShare ? exact(Number(given) / PERCENT) : Number(given))}
    />
  );
}

/** What is set otherwise than the rule is by itself; null where it is not. */
function changeOf(
  { rule, defaults }: Rule,
  draft: Rule["settings"] & { owner: string },
): Schema<"AlertRuleChange"> {
  const changed = <Value,>(value: Value, byItself: Value) => (value === byItself ? null : value);
  return {
    rule,
    enabled: changed(draft.enabled, defaults.enabled),
    threshold: changed(draft.threshold, defaults.threshold),
    countMin: changed(draft.countMin, defaults.countMin),
    coolDownMinutes: changed(draft.coolDownMinutes, defaults.coolDownMinutes),
    severity: changed(draft.severity, defaults.severity),
    owner: draft.owner.trim() || null,
  };
}

/** Without the rest that binary fractions leave: 0.1 % is 0.001. */
function exact(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
