// Makes a key, and shows it the one time that it can be shown.

import {
  Button,
  Checkbox,
  Code,
  CopyButton,
  Group,
  Modal,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useMe } from "../../app/session";
import { DialogueActions } from "../../components/dialogue-actions";
import { Notice } from "../../components/notice";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const EXPIRIES = ["30", "90", "365", "never"] as const;

type Expiry = (typeof EXPIRIES)[number];

/** A dialogue: name, scopes and end first, then the key. */
export function MakeKey({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts);
  const [key, setKey] = useState<string>();
  return (
    <Modal
      opened
      onClose={onClose}
      title={key ? t.made : t.makeTitle}
      size="lg"
      closeOnClickOutside={!key}
      closeOnEscape={!key}
    >
      {key ? (
        <MadeKey secret={key} onClose={onClose} />
      ) : (
        <KeyForm onMade={setKey} onClose={onClose} />
      )}
    </Modal>
  );
}

function KeyForm({ onMade, onClose }: { onMade: (key: string) => void; onClose: () => void }) {
  const t = useTexts(texts);
  const { data: me } = useMe();
  const scopeTexts: Readonly<Record<string, string>> = t.scopeTexts;
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<string[]>(["analytics:read"]);
  const [expiry, setExpiry] = useState<Expiry>("90");
  const make = useChange(
    (body: Schema<"NewApiKey">) => api.POST("/api/admin/api-keys", { body }),
    ["/api/admin/api-keys", "/api/admin/audit"],
  );
  const fieldError = useFieldError(make.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const end = expiry === "never" ? {} : { expiresInDays: Number(expiry) };
    make.mutate(
      { name: name.trim(), scopes, ...end },
      { onSuccess: ({ data }) => data && onMade(data.key) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t.name}
          placeholder={t.nameHint}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fieldError("name")}
          autoComplete="off"
          data-autofocus
          required
        />
        <Checkbox.Group
          label={t.scopes}
          value={scopes}
          onChange={setScopes}
          error={fieldError("scopes")}
        >
          <Stack gap="xs" mt="xs">
            {me?.permissions.map((scope) => (
              <Checkbox
                key={scope}
                value={scope}
                label={scopeTexts[scope] ?? scope}
                description={scope}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Select
          label={t.expiry}
          allowDeselect={false}
          value={expiry}
          data={EXPIRIES.map((value) => ({ value, label: t.expiries[value] }))}
          onChange={(value) => value && setExpiry(value)}
          error={fieldError("expiresInDays")}
          {...(expiry === "never" ? { description: t.neverHint } : {})}
        />
        {make.error && <ProblemAlert problem={make.error} />}
        <DialogueActions
          action={t.make}
          onCancel={onClose}
          isBusy={make.isPending}
          disabled={scopes.length === 0}
        />
      </Stack>
    </form>
  );
}

function MadeKey({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useTexts(texts);
  const { copy, copied } = useTexts(common);
  const { origin } = window.location;
  return (
    <Stack>
      <Notice tone="warning">{t.madeText}</Notice>
      <TextInput
        label={t.key}
        value={secret}
        readOnly
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        onFocus={(event) => event.currentTarget.select()}
        data-autofocus
      />
      <div>
        <Text size="sm" fw={500}>
          {t.example}
        </Text>
        <Code block tabIndex={0}>
          {`curl -H "Authorization: Bearer ${secret}" '${origin}/api/admin/analytics/overview?timeRange=7d'`}
        </Code>
      </div>
      <Group justify="flex-end">
        <CopyButton value={secret}>
          {({ copied: isCopied, copy: doCopy }) => (
            <Button variant="default" onClick={doCopy} aria-live="polite">
              {isCopied ? copied : copy}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t.done}</Button>
      </Group>
    </Stack>
  );
}
