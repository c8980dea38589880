// An alert that is not over: what is wrong, by how much, who knows of it, and what can be done.

import { Badge, Button, Code, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconAlertOctagon, IconAlertTriangle, IconBellOff, IconCheck } from "@tabler/icons-react";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";
import { useDetailLine, useRuleWords, useUnitFormat } from "./words";

type Alert = Schema<"AlertView">;

/** The card. `mutedUntil` is of its rule. */
export function AlertCard(props: {
  alert: Alert;
  mutedUntil: string | null | undefined;
  onAcknowledge: (alert: Alert) => void;
  onMute: (rule: string) => void;
}) {
  const t = useTexts(texts);
  const words = useRuleWords();
  const formats = useFormats();
  const mayChange = useMay("alerts:write");
  const { alert, mutedUntil, onAcknowledge, onMute } = props;
  const { wrong, means } = words(alert.rule, alert.title);
  const tone = alert.severity === "critical" ? "var(--nest-down)" : "var(--mantine-color-anchor)";
  return (
    <Paper
      component="section"
      withBorder
      p="md"
      bg="var(--nest-surface)"
      aria-label={wrong}
      style={{ borderInlineStart: `4px solid ${tone}` }}
    >
      <Stack gap="xs">
        <Group gap="xs">
          <SeverityBadge severity={alert.severity} />
          <Title order={3} size="h5">
            {wrong}
          </Title>
          {alert.subject && <Code>{alert.subject}</Code>}
        </Group>
        <Text size="sm" c="dimmed">
          {t.since(formats.dateTime(alert.startedAt), formats.ago(alert.startedAt, Date.now()))}
          {". "}
          {means}
        </Text>
        <Values alert={alert} />
        <Story alert={alert} mutedUntil={mutedUntil} />
        {mayChange && (
          <Group gap="xs">
            <Button
              size="xs"
              leftSection={<IconCheck size={14} aria-hidden />}
              variant={alert.state === "firing" ? "filled" : "default"}
              aria-label={t.acknowledgeOf(wrong)}
              onClick={() => onAcknowledge(alert)}
            >
              {t.acknowledge}
            </Button>
            {!mutedUntil && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconBellOff size={14} aria-hidden />}
                aria-label={t.muteOf(wrong)}
                onClick={() => onMute(alert.rule)}
              >
                {t.mute}
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

/** How severe something is, by sign and word. */
export function SeverityBadge({ severity }: { severity: string }) {
  const t = useTexts(texts).severities;
  const isCritical = severity === "critical";
  const Sign = isCritical ? IconAlertOctagon : IconAlertTriangle;
  return (
    <Badge
      variant="outline"
      tt="none"
      miw="max-content"
      c={isCritical ? "var(--nest-down)" : "var(--mantine-color-text)"}
      style={{ borderColor: "currentColor" }}
      leftSection={<Sign size={14} aria-hidden />}
    >
      {isCritical ? t.critical : t.warning}
    </Badge>
  );
}

function Values({ alert }: { alert: Alert }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const write = useUnitFormat();
  const line = useDetailLine();
  const values = [
    { label: t.latest, value: write(alert.value, alert.unit) },
    { label: t.allowed, value: write(alert.threshold, alert.unit) },
    { label: t.peak, value: write(alert.peak, alert.unit) },
    ...(alert.count > 0
      ? [{ label: t.of, value: t.measurements(formats.count(alert.count)) }]
      : []),
    ...alert.detail.map(line),
  ];
  return (
    <Group gap="lg" component="dl" m={0}>
      {values.map(({ label, value }) => (
        <div key={`${label} ${value}`}>
          <Text component="dt" size="xs" c="dimmed">
            {label}
          </Text>
          <Text component="dd" m={0} size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
            {value}
          </Text>
        </div>
      ))}
    </Group>
  );
}

function Story({ alert, mutedUntil }: { alert: Alert; mutedUntil: string | null | undefined }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const said = [
    alert.reopened === 1 ? t.reopenedOnce : "",
    alert.reopened > 1 ? t.reopened(formats.count(alert.reopened)) : "",
    alert.notifiedAt ? t.notified(formats.dateTime(alert.notifiedAt)) : t.notNotified,
    mutedUntil ? t.mutedUntil(formats.dateTime(mutedUntil)) : "",
  ];
  return (
    <>
      <Text size="sm">{said.filter(Boolean).join(" ")}</Text>
      {alert.acknowledgedAt && (
        <Text size="sm">
          {t.known(alert.acknowledgedBy ?? "–", formats.dateTime(alert.acknowledgedAt))}
          {alert.note && ` “${alert.note}”`}
        </Text>
      )}
    </>
  );
}
