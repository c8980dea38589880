// The rules about internal traffic.

import { ActionIcon, Button, Fieldset, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useMay } from "../../app/session";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Rule = Schema<"InternalRule">;

/** A rule in the form: `key` names it while it is edited. */
type EditedRule = Rule & { key: number };

const PATH = "/api/admin/internal-traffic";
const FIELDS = ["session_id", "visitor_id", "user_agent", "referrer", "city"] as const;
const LENGTH_MIN = 3;
const LENGTH_MAX = 200;

/** The rules as a form that replaces all of them. */
export function InternalTraffic() {
  const t = useTexts(texts).internal;
  const rules = useRead(PATH, {});
  return (
    <Tile title={t.title}>
      <Text size="sm" c="dimmed" mb="md" maw="80ch">
        {t.text}
      </Text>
      <QueryView query={rules}>
        {(data) => <RulesForm key={JSON.stringify(data.rules)} saved={data.rules} />}
      </QueryView>
    </Tile>
  );
}

function RulesForm({ saved }: { saved: readonly Rule[] }) {
  const t = useTexts(texts).internal;
  const mayWrite = useMay("settings:write");
  const [rules, setRules] = useState<readonly EditedRule[]>(() =>
    saved.map((rule, key) => ({ ...rule, key })),
  );
  const [nextKey, setNextKey] = useState(saved.length);
  const save = useChange((body: Schema<"InternalTraffic">) => api.PUT(PATH, { body }), [PATH]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { rules: rules.map(({ key, ...rule }) => rule) },
      { onSuccess: () => notifications.show({ color: "green", message: t.saved }) },
    );
  };
  const add = () => {
    setRules([...rules, { key: nextKey, field: "user_agent", contains: "", note: "" }]);
    setNextKey(nextKey + 1);
  };
  const change = (key: number, part: Partial<Rule>) =>
    setRules(rules.map((rule) => (rule.key === key ? { ...rule, ...part } : rule)));
  return (
    <form onSubmit={submit}>
      <Stack>
        {rules.length === 0 && <Text size="sm">{t.none}</Text>}
        {rules.map((rule, index) => (
          <RuleFields
            key={rule.key}
            rule={rule}
            index={index}
            readOnly={!mayWrite}
            fieldError={save.error}
            onChange={(part) => change(rule.key, part)}
            onRemove={() => setRules(rules.filter(({ key }) => key !== rule.key))}
          />
        ))}
        {save.error && <ProblemAlert problem={save.error} />}
        {mayWrite && (
          <Group>
            <Button
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={add}
            >
              {t.add}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t.save}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

function RuleFields(props: {
  rule: Rule;
  index: number;
  readOnly: boolean;
  fieldError: Parameters<typeof useFieldError>[0];
  onChange: (part: Partial<Rule>) => void;
  onRemove: () => void;
}) {
  const t = useTexts(texts).internal;
  const { rule, index, readOnly, onChange } = props;
  const fieldError = useFieldError(props.fieldError);
  const errorOf = (field: string) => fieldError(`rules[${index}].${field}`);
  return (
    <Fieldset legend={t.rule(index + 1)} disabled={readOnly}>
      <Group align="flex-start">
        <Select
          label={t.field}
          allowDeselect={false}
          value={rule.field}
          data={FIELDS.map((value) => ({ value, label: t.fields[value] }))}
          error={errorOf("field")}
          onChange={(field) => field && onChange({ field })}
        />
        <TextInput
          label={t.contains}
          description={t.containsHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          value={rule.contains}
          minLength={LENGTH_MIN}
          maxLength={LENGTH_MAX}
          error={errorOf("contains")}
          onChange={(event) => onChange({ contains: event.currentTarget.value })}
          required
        />
        <TextInput
          label={t.note}
          value={rule.note ?? ""}
          error={errorOf("note")}
          onChange={(event) => onChange({ note: event.currentTarget.value })}
        />
        {!readOnly && (
          <ActionIcon
            variant="subtle"
            color="gray"
            mt={28}
            aria-label={t.remove(index + 1)}
            onClick={props.onRemove}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        )}
      </Group>
    </Fieldset>
  );
}
