// A form that sets a password by the token of a mailed link.

import { Button, PasswordInput, Stack } from "@mantine/core";
import type { Problem } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const LENGTH_MIN = 12;

/** One field and one button. */
export function NewPasswordForm(props: {
  /** What the button says. */
  action: string;
  busy: boolean;
  problem: Problem | null;
  onSubmit: (password: string) => void;
}) {
  const t = useTexts(texts);
  const [password, setPassword] = useState("");
  const fieldError = useFieldError(props.problem);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit(password);
  };
  const atFault = fieldError("password");
  return (
    <form onSubmit={submit}>
      <Stack>
        <PasswordInput
          label={t.newPassword}
          description={t.passwordHint}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          minLength={LENGTH_MIN}
          error={atFault}
          required
        />
        {props.problem && !atFault && <ProblemAlert problem={props.problem} />}
        <Button type="submit" loading={props.busy} fullWidth>
          {props.action}
        </Button>
      </Stack>
    </form>
  );
}

/** Whether a problem means that the link itself is over. */
export function isBadLink(problem: Problem | null): boolean {
  return problem?.errors.some(({ field }) => field === "token") ?? false;
}
