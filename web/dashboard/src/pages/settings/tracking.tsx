// Which kinds of tracking are on.

import { Stack, Switch, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { useState } from "react";
import { api } from "../../api/client";
import { useChange, useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import { Confirm } from "../../components/confirm";
import { Notice } from "../../components/notice";
import { ProblemAlert } from "../../components/problem-alert";
import { QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

type Flag = Schema<"Flag">;

const PATH = "/api/admin/flags";

/** A switch for each kind. Switching off is asked about: what is not kept cannot be got back. */
export function Tracking() {
  const t = useTexts(texts).tracking;
  const mayWrite = useMay("settings:write");
  const nameOf = useFlagName();
  const [stopping, setStopping] = useState<Flag>();
  const flags = useRead(PATH, {});
  const change = useChange(
    ({ name, enabled }: Pick<Flag, "name" | "enabled">) =>
      api.PUT(PATH, { body: { flags: { [name]: enabled } } }),
    [PATH],
  );
  const say = (flag: Flag, on: string) =>
    notifications.show({ color: "green", message: t.saved(nameOf(flag.name), on) });
  const toggle = (flag: Flag) => {
    if (flag.enabled) setStopping(flag);
    else change.mutate({ name: flag.name, enabled: true }, { onSuccess: () => say(flag, t.on) });
  };
  return (
    <Tile title={t.title}>
      <Text size="sm" c="dimmed" mb="md" maw="80ch">
        {t.text}
      </Text>
      {change.error && <ProblemAlert problem={change.error} />}
      <QueryView query={flags}>
        {(data) => (
          <Stack>
            <Notices list={data} />
            {data.flags.map((flag) => (
              <FlagSwitch
                key={flag.name}
                flag={flag}
                disabled={!mayWrite || change.isPending}
                onToggle={() => toggle(flag)}
              />
            ))}
          </Stack>
        )}
      </QueryView>
      {stopping && (
        <Confirm
          opened
          onClose={() => setStopping(undefined)}
          title={t.off(nameOf(stopping.name))}
          action={t.offAction}
          danger
          onConfirm={async () => {
            await change.mutateAsync({ name: stopping.name, enabled: false });
            say(stopping, t.isOff);
          }}
        >
          <Text size="sm">{t.offText}</Text>
        </Confirm>
      )}
    </Tile>
  );
}

function Notices({ list }: { list: Schema<"FlagList"> }) {
  const t = useTexts(texts).tracking;
  const formats = useFormats();
  return (
    <>
      {list.pausedUntil && (
        <Notice tone="warning">{t.paused(formats.dateTime(list.pausedUntil))}</Notice>
      )}
      {!list.published && <Notice tone="warning">{t.unpublished}</Notice>}
    </>
  );
}

function FlagSwitch(props: { flag: Flag; disabled: boolean; onToggle: () => void }) {
  const t = useTexts(texts).tracking;
  const formats = useFormats();
  const nameOf = useFlagName();
  const { name, enabled, optional, changedAt, changedBy } = props.flag;
  const facts = [
    optional ? t.optional : "",
    changedAt ? t.changed(changedBy ?? "–", formats.dateTime(changedAt)) : "",
  ].filter(Boolean);
  return (
    <Switch
      label={nameOf(name)}
      checked={enabled}
      disabled={props.disabled}
      onChange={props.onToggle}
      {...(facts.length > 0 ? { description: facts.join(" · ") } : {})}
    />
  );
}

function useFlagName(): (name: string) => string {
  const names: Readonly<Record<string, string>> = useTexts(texts).tracking.names;
  return (name) => names[name] ?? name;
}
