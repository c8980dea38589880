// Where the link to another password leads.

import { Alert, Anchor } from "@mantine/core";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { PageLink } from "../../app/navigation";
import { useTexts } from "../../i18n/texts";
import { AccountFrame } from "./frame";
import { useLinkToken } from "./link-token";
import { isBadLink, NewPasswordForm } from "./new-password";
import { texts } from "./texts";

/** The page. */
export default function ResetPasswordPage() {
  const t = useTexts(texts);
  const token = useLinkToken();
  const reset = useChange((password: string) =>
    api.POST("/api/admin/auth/reset-password", { body: { token, password } }),
  );
  if (reset.isSuccess) {
    return (
      <AccountFrame title={t.resetDone} hint={t.resetDoneHint}>
        <Anchor component={PageLink} to="/">
          {t.toSignIn}
        </Anchor>
      </AccountFrame>
    );
  }
  return (
    <AccountFrame title={t.resetTitle}>
      {!token || isBadLink(reset.error) ? (
        <Alert color="red" role="alert" title={t.badLink}>
          {t.badReset}{" "}
          <Anchor component={PageLink} to="/forgot-password" inherit>
            {t.forgot}
          </Anchor>
        </Alert>
      ) : (
        <NewPasswordForm
          action={t.reset}
          busy={reset.isPending}
          problem={reset.error}
          onSubmit={reset.mutate}
        />
      )}
    </AccountFrame>
  );
}
