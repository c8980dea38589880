// The rules: how each is set, and what can be done with it.

import { ActionIcon, Badge, Group, Stack, Text, Tooltip } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconBellOff, IconHistory, IconPencil } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { useTexts } from "../../i18n/texts";
import { SeverityBadge } from "./alert-card";
import { BACKTESTED } from "./backtest";
import { MuteDialogue, UnmuteButton } from "./mute";
import { RuleDialogue } from "./rule-form";
import { useAlertsState } from "./state";
import { texts } from "./texts";
import { useRuleWords, useUnitFormat } from "./words";

type Rule = Schema<"AlertRule">;

interface Actions {
  onEdit: (rule: Rule) => void;
  onMute: (rule: string) => void;
  onTry: (rule: string) => void;
}

/** The part about rules. */
export function RulesPart({ rules }: { rules: readonly Rule[] }) {
  const t = useTexts(texts);
  const [, setState] = useAlertsState();
  const [toEdit, setToEdit] = useState<Rule>();
  const [toMute, setToMute] = useState<string>();
  const actions = useMemo<Actions>(
    () => ({
      onEdit: setToEdit,
      onMute: setToMute,
      onTry: (rule) => setState({ part: "backtest", rule }),
    }),
    [setState],
  );
  const columns = useColumns(actions);
  return (
    <Stack gap="sm">
      <Group gap={4} wrap="nowrap">
        <Text size="sm" c="dimmed">
          {t.rulesText}
        </Text>
        <Definition name={t.parts.rules} text={t.rulesAbout} />
      </Group>
      <DataTable label={t.parts.rules} columns={columns} rows={rules} rowKey={({ rule }) => rule} />
      <RuleDialogue rule={toEdit} onClose={() => setToEdit(undefined)} />
      <MuteDialogue rule={toMute} onClose={() => setToMute(undefined)} />
    </Stack>
  );
}

function useColumns(actions: Actions): readonly Column<Rule>[] {
  const t = useTexts(texts);
  const words = useRuleWords();
  const formats = useFormats();
  const write = useUnitFormat();
  return useMemo(
    () => [
      {
        id: "rule",
        header: t.rule,
        value: ({ rule, summary }) => words(rule, summary).wrong,
        cell: ({ rule, summary }) => (
          <div style={{ minWidth: 240 }}>
            <Text size="sm" fw={600}>
              {words(rule, summary).wrong}
            </Text>
            <Text size="xs" c="dimmed">
              {words(rule, summary).means}
            </Text>
          </div>
        ),
      },
      {
        id: "threshold",
        header: t.threshold,
        align: "right",
        sortable: false,
        value: ({ settings }) => settings.threshold,
        cell: ({ settings, unit }) => write(settings.threshold, unit),
      },
      {
        id: "countMin",
        header: t.countMin,
        value: ({ settings }) => settings.countMin,
        format: formats.count,
      },
      {
        id: "coolDown",
        header: t.coolDown,
        align: "right",
        value: ({ settings }) => settings.coolDownMinutes,
        cell: ({ settings }) => t.minutes(formats.count(settings.coolDownMinutes)),
      },
      {
        id: "severity",
        header: t.severity,
        value: ({ settings }) => settings.severity,
        cell: ({ settings }) => <SeverityBadge severity={settings.severity} />,
      },
      {
        id: "owner",
        header: t.owner,
        value: ({ owner }) => owner,
        cell: ({ owner }) => owner ?? "–",
      },
      {
        id: "state",
        header: t.state,
        value: ({ settings }) => (settings.enabled ? t.on : t.off),
        cell: (rule) => <State rule={rule} />,
      },
      {
        id: "actions",
        header: t.actions,
        sortable: false,
        value: () => null,
        cell: (rule) => <RuleActions rule={rule} actions={actions} />,
      },
    ],
    [t, words, formats, write, actions],
  );
}

function State({ rule }: { rule: Rule }) {
  const t = useTexts(texts);
  const formats = useFormats();
  return (
    <>
      <Text size="sm" component="div">
        {rule.settings.enabled ? t.on : t.off}
        {rule.edited && (
          <Badge ml={6} size="sm" variant="outline" tt="none" miw="max-content">
            {t.edited}
          </Badge>
        )}
      </Text>
      {rule.mutedUntil && (
        <Text size="xs" c="dimmed">
          {t.mutedUntil(formats.dateTime(rule.mutedUntil))}
        </Text>
      )}
    </>
  );
}

function RuleActions({ rule, actions }: { rule: Rule; actions: Actions }) {
  const t = useTexts(texts);
  const { wrong } = useRuleWords()(rule.rule, rule.summary);
  const mayChange = useMay("alerts:write");
  return (
    <Group gap={6} wrap="nowrap">
      {mayChange && (
        <IconAction label={t.editOf(wrong)} onClick={() => actions.onEdit(rule)}>
          <IconPencil size={16} aria-hidden />
        </IconAction>
      )}
      {BACKTESTED.includes(rule.rule) && (
        <IconAction label={t.testOf(wrong)} onClick={() => actions.onTry(rule.rule)}>
          <IconHistory size={16} aria-hidden />
        </IconAction>
      )}
      {mayChange &&
        (rule.mutedUntil ? (
          <UnmuteButton rule={rule.rule} />
        ) : (
          <IconAction label={t.muteOf(wrong)} onClick={() => actions.onMute(rule.rule)}>
            <IconBellOff size={16} aria-hidden />
          </IconAction>
        ))}
    </Group>
  );
}

function IconAction(props: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={props.label}>
      <ActionIcon variant="default" aria-label={props.label} onClick={props.onClick}>
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}
