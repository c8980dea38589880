// Asking for a link to another password.

import { Anchor, Button, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { PageLink } from "../../app/navigation";
import { ProblemAlert } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { AccountFrame } from "./frame";
import { texts } from "./texts";

/** The page. */
export default function ForgotPasswordPage() {
  const t = useTexts(texts);
  const [email, setEmail] = useState("");
  const ask = useChange(() => api.POST("/api/admin/auth/forgot-password", { body: { email } }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  const toSignIn = (
    <Anchor component={PageLink} to="/" size="sm">
      {t.toSignIn}
    </Anchor>
  );
  if (ask.isSuccess) {
    return (
      <AccountFrame title={t.sent} hint={t.sentHint}>
        {toSignIn}
      </AccountFrame>
    );
  }
  return (
    <AccountFrame title={t.forgotTitle} hint={t.forgotHint}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t.email}
            type="email"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoComplete="username"
            required
          />
          {ask.error && <ProblemAlert problem={ask.error} />}
          <Button type="submit" loading={ask.isPending} fullWidth>
            {t.send}
          </Button>
        </Stack>
      </form>
      {toSignIn}
    </AccountFrame>
  );
}
