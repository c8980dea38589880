// What can be done with an account.

import { ActionIcon, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Schema } from "@nest-haus/api";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api/client";
import { asProblem, useChange } from "../../api/hooks";
import { useMe } from "../../app/session";
import { shellTexts } from "../../app/shell-texts";
import { Confirm } from "../../components/confirm";
import { useProblemWords } from "../../components/problem-alert";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { RoleSelect } from "./role-select";
import { type Role, roleOf, useManagedRoles } from "./roles";
import { texts } from "./texts";

type User = Schema<"User">;
type Dialogue = "role" | "disable" | "factor";

const TOUCHES = ["/api/admin/users", "/api/admin/audit"] as const;

/** A menu with the actions that whoever is signed in may do to an account; nothing where there are none. */
export function UserActions({ user }: { user: User }) {
  const t = useTexts(texts);
  const { data: me } = useMe();
  const roles = useManagedRoles();
  const [dialogue, setDialogue] = useState<Dialogue>();
  const close = () => setDialogue(undefined);
  const change = useUserChange(user);
  const inviteAgain = useInviteAgain(user);
  const role = roleOf(user.role);
  if (!role || !roles.includes(role) || user.email === me?.email) return null;
  const isDisabled = user.state === "disabled";
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t.actionsFor(user.name)}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialogue("role")}>{t.changeRole}</Menu.Item>
          {user.state === "invited" && <Menu.Item onClick={inviteAgain}>{t.inviteAgain}</Menu.Item>}
          {user.secondFactor && me?.role === "owner" && (
            <Menu.Item onClick={() => setDialogue("factor")}>{t.removeFactor}</Menu.Item>
          )}
          {isDisabled ? (
            <Menu.Item onClick={() => void change({ disabled: false }, t.enabled(user.name))}>
              {t.enable}
            </Menu.Item>
          ) : (
            <Menu.Item onClick={() => setDialogue("disable")}>{t.disable}</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialogue === "role" && <ChangeRole user={user} role={role} onClose={close} />}
      <Confirm
        opened={dialogue === "disable"}
        onClose={close}
        title={t.disableTitle(user.name)}
        action={t.disable}
        danger
        onConfirm={() => change({ disabled: true }, t.disabled(user.name), true)}
      >
        <Text size="sm">{t.disableText}</Text>
      </Confirm>
      <Confirm
        opened={dialogue === "factor"}
        onClose={close}
        title={t.removeTitle(user.name)}
        action={t.removeFactor}
        danger
        onConfirm={() => change({ secondFactor: false }, t.removed(user.name), true)}
      >
        <Text size="sm">{t.removeText}</Text>
      </Confirm>
    </>
  );
}

/** Changes an account and says so. A failure is thrown where a dialogue shows it, and shown otherwise. */
function useUserChange(user: User) {
  const sayProblem = useProblemWords();
  const change = useChange(
    (body: Schema<"UserChange">) => api.PATCH("/api/admin/users", { body }),
    TOUCHES,
  );
  return async (body: Omit<Schema<"UserChange">, "id">, message: string, throws = false) => {
    try {
      await change.mutateAsync({ id: user.id, ...body });
      notifications.show({ color: "green", message });
    } catch (thrown) {
      if (throws) throw thrown;
      notifications.show({ color: "red", message: sayProblem(asProblem(thrown)) });
    }
  };
}

function useInviteAgain(user: User): () => void {
  const t = useTexts(texts);
  const invite = useChange(
    () => api.POST("/api/admin/users/invite", { body: { id: user.id } }),
    TOUCHES,
  );
  return () =>
    invite.mutate(undefined, {
      onSuccess: () => notifications.show({ color: "green", message: t.invitedAgain(user.email) }),
      onError: ({ message }) => notifications.show({ color: "red", message }),
    });
}

function ChangeRole({ user, role, onClose }: { user: User; role: Role; onClose: () => void }) {
  const t = useTexts(texts);
  const { save } = useTexts(common);
  const { roles: names } = useTexts(shellTexts);
  const roles = useManagedRoles();
  const [chosen, setChosen] = useState(role);
  const change = useUserChange(user);
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t.roleOf(user.name)}
      action={save}
      disabled={chosen === role}
      onConfirm={() => change({ role: chosen }, t.roleChanged(user.name, names[chosen]), true)}
    >
      <RoleSelect label={t.role} roles={roles} value={chosen} onChange={setChosen} />
    </Confirm>
  );
}
