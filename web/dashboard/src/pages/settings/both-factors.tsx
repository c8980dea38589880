// What needs both factors: new recovery codes, and switching the second factor off.

import { Button, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { RecoveryCodes } from "./recovery-codes";
import { texts } from "./texts";

/** A dialogue that asks for password and code, and then does it. */
export function BothFactors(props: { purpose: "renew" | "end"; onClose: () => void }) {
  const t = useTexts(texts).factor;
  const { purpose, onClose } = props;
  const [codes, setCodes] = useState<readonly string[]>();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const change = useChange(async (body: Schema<"BothFactors">) => {
    if (purpose === "renew") {
      const { data } = await api.POST("/api/admin/auth/recovery-codes", { body });
      setCodes(data?.recoveryCodes);
      return;
    }
    await api.DELETE("/api/admin/auth/totp", { body });
    notifications.show({ color: "green", message: t.ended });
    onClose();
  });
  const fieldError = useFieldError(change.error);
  const atFault = fieldError("password") ?? fieldError("code");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ password, code: code.trim() });
  };
  const isEnd = purpose === "end";
  return (
    <Modal
      opened
      onClose={onClose}
      title={codes ? t.codesTitle : isEnd ? t.end : t.renew}
      closeOnClickOutside={!codes}
      closeOnEscape={!codes}
      centered
    >
      {codes ? (
        <RecoveryCodes codes={codes} onDone={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Text size="sm">{isEnd ? t.endText : t.renewText}</Text>
            <PasswordInput
              label={t.password}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              autoComplete="current-password"
              error={fieldError("password")}
              data-autofocus
              required
            />
            <TextInput
              label={t.anyCode}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              autoComplete="one-time-code"
              autoCapitalize="none"
              error={fieldError("code")}
              required
            />
            {change.error && !atFault && <ProblemAlert problem={change.error} />}
            <Button type="submit" loading={change.isPending} {...(isEnd ? { color: "red.9" } : {})}>
              {isEnd ? t.end : t.renew}
            </Button>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
