// One's own password.

import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const LENGTH_MIN = 12;

/** A form with the old and the new password. */
export function Password() {
  const t = useTexts(texts).password;
  const [currentPassword, setCurrent] = useState("");
  const [newPassword, setNext] = useState("");
  const change = useChange(
    (body: Schema<"PasswordChange">) => api.POST("/api/admin/auth/password", { body }),
    ["/api/admin/auth/sessions"],
  );
  const fieldError = useFieldError(change.error);
  const atFault = fieldError("currentPassword") ?? fieldError("newPassword");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { currentPassword, newPassword },
      {
        onSuccess: () => {
          setCurrent("");
          setNext("");
          notifications.show({ color: "green", message: t.changed });
        },
      },
    );
  };
  return (
    <Tile title={t.title}>
      <form onSubmit={submit}>
        <Stack align="flex-start">
          <Text size="sm" c="dimmed">
            {t.text}
          </Text>
          <PasswordInput
            label={t.current}
            value={currentPassword}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            autoComplete="current-password"
            error={fieldError("currentPassword")}
            w="100%"
            maw={360}
            required
          />
          <PasswordInput
            label={t.next}
            description={t.hint}
            value={newPassword}
            onChange={(event) => setNext(event.currentTarget.value)}
            autoComplete="new-password"
            minLength={LENGTH_MIN}
            error={fieldError("newPassword")}
            w="100%"
            maw={360}
            required
          />
          {change.error && !atFault && <ProblemAlert problem={change.error} />}
          <Button type="submit" loading={change.isPending}>
            {t.change}
          </Button>
        </Stack>
      </form>
    </Tile>
  );
}
