// Invites somebody: makes an account and mails its link.

import { Modal, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { useChange } from "../../api/hooks";
import { DialogueActions } from "../../components/dialogue-actions";
import { ProblemAlert, useFieldError } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { RoleSelect } from "./role-select";
import { type Role, useManagedRoles } from "./roles";
import { texts } from "./texts";

/** A dialogue with address, name and role. */
export function Invite({ onClose }: { onClose: () => void }) {
  const t = useTexts(texts);
  const roles = useManagedRoles();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const invite = useChange(
    (body: Schema<"NewUser">) => api.POST("/api/admin/users", { body }),
    ["/api/admin/users", "/api/admin/audit"],
  );
  const fieldError = useFieldError(invite.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate(
      { email: email.trim(), name: name.trim(), role },
      {
        onSuccess: () => {
          notifications.show({ color: "green", message: t.invited(email.trim()) });
          onClose();
        },
      },
    );
  };
  return (
    <Modal opened onClose={onClose} title={t.inviteTitle} centered>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{t.inviteText}</Text>
          <TextInput
            type="email"
            label={t.email}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            error={fieldError("email")}
            autoComplete="off"
            data-autofocus
            required
          />
          <TextInput
            label={t.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldError("name")}
            autoComplete="off"
            required
          />
          <RoleSelect
            label={t.role}
            roles={roles}
            value={role}
            onChange={setRole}
            error={fieldError("role")}
          />
          {invite.error && <ProblemAlert problem={invite.error} />}
          <DialogueActions action={t.invite} onCancel={onClose} isBusy={invite.isPending} />
        </Stack>
      </form>
    </Modal>
  );
}
