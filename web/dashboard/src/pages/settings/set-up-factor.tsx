// Sets up a second factor: password, QR code and first code, recovery codes.

import { Button, Code, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { QrCode } from "./qr-code";
import { RecoveryCodes } from "./recovery-codes";
import { texts } from "./texts";

const PICTURE = 220;

/** A dialogue of three steps. */
export function SetUpFactor({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts).factor;
  const [begun, setBegun] = useState<Schema<"BegunSecondFactor">>();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <Modal
      opened
      onClose={onClose}
      title={codes ? t.codesTitle : t.title}
      closeOnClickOutside={!codes}
      closeOnEscape={!codes}
      centered
    >
      {codes ? (
        <RecoveryCodes codes={codes} onDone={onClose} />
      ) : begun ? (
        <FirstCode begun={begun} onCodes={setCodes} />
      ) : (
        <Begin onBegun={setBegun} />
      )}
    </Modal>
  );
}

function Begin({ onBegun }: { onBegun: (begun: Schema<"BegunSecondFactor">) => void }) {
  const t = useTexts(texts).factor;
  const [password, setPassword] = useState("");
  const begin = useChange((body: Schema<"PasswordProof">) =>
    api.POST("/api/admin/auth/totp", { body }),
  );
  const atFault = useFieldError(begin.error)("password");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate({ password }, { onSuccess: ({ data }) => data && onBegun(data) });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <PasswordInput
          label={t.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          error={atFault}
          data-autofocus
          required
        />
        {begin.error && !atFault && <ProblemAlert problem={begin.error} />}
        <Button type="submit" loading={begin.isPending}>
          {t.next}
        </Button>
      </Stack>
    </form>
  );
}

function FirstCode(props: {
  begun: Schema<"BegunSecondFactor">;
  onCodes: (codes: readonly string[]) => void;
}) {
  const t = useTexts(texts).factor;
  const { begun, onCodes } = props;
  const [code, setCode] = useState("");
  const confirm = useChange((body: Schema<"FirstCode">) =>
    api.PUT("/api/admin/auth/totp", { body }),
  );
  const atFault = useFieldError(confirm.error)("code");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(
      { code: code.trim() },
      { onSuccess: ({ data }) => data && onCodes(data.recoveryCodes) },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t.scan}</Text>
        <Group justify="center">
          <QrCode content={begun.address} label={t.picture} size={PICTURE} />
        </Group>
        <div>
          <Text size="sm">{t.secret}</Text>
          <Code block tabIndex={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {begun.secret}
          </Code>
        </div>
        <TextInput
          label={t.code}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          error={atFault}
          required
        />
        {confirm.error && !atFault && <ProblemAlert problem={confirm.error} />}
        <Button type="submit" loading={confirm.isPending}>
          {t.confirm}
        </Button>
      </Stack>
    </form>
  );
}
