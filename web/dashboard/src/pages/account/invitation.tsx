// Where the link of an invitation leads: choosing a password opens the account and signs in.

import { Alert } from "@mantine/core";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { useGoTo } from "../../app/navigation";
import { useSignedIn } from "../../app/session";
import { useTexts } from "../../i18n/texts";
import { AccountFrame } from "./frame";
import { useLinkToken } from "./link-token";
import { isBadLink, NewPasswordForm } from "./new-password";
import { texts } from "./texts";

/** The page. */
export default function InvitationPage() {
  const t = useTexts(texts);
  const token = useLinkToken();
  const signedIn = useSignedIn();
  const goTo = useGoTo();
  const accept = useChange(async (password: string) => {
    const { data } = await api.POST("/api/admin/auth/accept-invitation", {
      body: { token, password },
    });
    if (data) signedIn(data);
    goTo({ to: "/" });
  });
  return (
    <AccountFrame title={t.invitation} hint={t.invitationHint}>
      {!token || isBadLink(accept.error) ? (
        <Alert color="red" role="alert" title={t.badLink}>
          {t.badInvitation}
        </Alert>
      ) : (
        <NewPasswordForm
          action={t.accept}
          busy={accept.isPending}
          problem={accept.error}
          onSubmit={accept.mutate}
        />
      )}
    </AccountFrame>
  );
}
