// Users: who has an account, invitations, roles, and what is done when somebody leaves or loses a telephone.

import { Badge, Button, Group, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconUserPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useRead } from "../../api/hooks";
import { useFormats, usePageState } from "../../app/navigation";
import { optionalChoice, resetOf, type StateOf, text } from "../../app/page-state";
import { useMay, useMe } from "../../app/session";
import { shellTexts } from "../../app/shell-texts";
import { OptionalChoiceSelect } from "../../components/choice-select";
import { type Column, DataTable } from "../../components/data-table";
import { StateFilterBar } from "../../components/filter-bar";
import { Page } from "../../components/page";
import { Empty, QueryView } from "../../components/query-view";
import { useTexts } from "../../i18n/texts";
import { UserActions } from "./actions";
import { Invite } from "./invite";
import { ROLES } from "./roles";
import { texts } from "./texts";

type User = Schema<"User">;

const STATES = ["invited", "active", "disabled"] as const;

const fields = {
  search: text(),
  role: optionalChoice(ROLES),
  state: optionalChoice(STATES),
};

/** The page. */
export default function UsersPage() {
  const t = useTexts(texts);
  const { pages, roles } = useTexts(shellTexts);
  const mayWrite = useMay("users:write");
  const [state, setState] = usePageState(fields);
  const [inviting, setInviting] = useState(false);
  const users = useRead("/api/admin/users", {});
  const columns = useColumns();
  return (
    <Page
      title={pages.users}
      description={t.description}
      actions={
        mayWrite && (
          <Button
            leftSection={<IconUserPlus size={16} aria-hidden />}
            onClick={() => setInviting(true)}
          >
            {t.invite}
          </Button>
        )
      }
    >
      <StateFilterBar
        state={state}
        onChange={setState}
        onReset={resetOf(fields, state, setState)}
        words={STATES}
        texts={t}
      >
        <OptionalChoiceSelect
          label={t.role}
          none={t.allRoles}
          words={ROLES}
          names={roles}
          value={state.role}
          onChange={(role) => setState({ role })}
        />
      </StateFilterBar>
      <QueryView
        query={users}
        isEmpty={(data) => data.filter((user) => matches(user, state)).length === 0}
        empty={<Empty title={t.none}>{t.noneHint}</Empty>}
      >
        {(data) => (
          <DataTable
            label={pages.users}
            columns={columns}
            rows={data.filter((user) => matches(user, state))}
            rowKey={({ id }) => id}
          />
        )}
      </QueryView>
      {inviting && <Invite onClose={() => setInviting(false)} />}
    </Page>
  );
}

function matches(user: User, { search, role, state }: StateOf<typeof fields>): boolean {
  const wanted = search.trim().toLowerCase();
  return (
    `${user.name} ${user.email}`.toLowerCase().includes(wanted) &&
    (role === undefined || user.role === role) &&
    (state === undefined || user.state === state)
  );
}

function useColumns(): readonly Column<User>[] {
  const t = useTexts(texts);
  const { roles } = useTexts(shellTexts);
  const formats = useFormats();
  return useMemo(() => {
    const roleNames: Readonly<Record<string, string>> = roles;
    return [
      {
        id: "name",
        header: t.user,
        value: ({ name }) => name,
        cell: (user) => <Who user={user} />,
      },
      { id: "role", header: t.role, value: ({ role }) => roleNames[role] ?? role },
      {
        id: "state",
        header: t.state,
        value: ({ state }) => state,
        cell: (user) => <StateCell user={user} />,
      },
      {
        id: "secondFactor",
        header: t.secondFactor,
        value: ({ secondFactor }) => (secondFactor ? t.on : t.off),
      },
      {
        id: "lastLogin",
        header: t.lastLogin,
        value: ({ lastLoginAt }) => lastLoginAt,
        cell: ({ lastLoginAt }) => (lastLoginAt ? formats.dateTime(lastLoginAt) : t.never),
      },
      {
        id: "created",
        header: t.created,
        value: ({ createdAt }) => createdAt,
        instant: formats.date,
      },
      {
        id: "actions",
        header: t.actions,
        sortable: false,
        value: () => null,
        cell: (user) => <UserActions user={user} />,
      },
    ];
  }, [t, roles, formats]);
}

function Who({ user }: { user: User }) {
  const t = useTexts(texts);
  const { data: me } = useMe();
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <Text size="sm" fw={600}>
          {user.name}
        </Text>
        {user.email === me?.email && (
          <Badge size="xs" variant="outline">
            {t.you}
          </Badge>
        )}
      </Group>
      <Text size="xs" c="dimmed">
        {user.email}
      </Text>
    </>
  );
}

function StateCell({ user }: { user: User }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const states: Readonly<Record<string, string>> = t.states;
  const isOver = user.invitedUntil != null && Date.parse(user.invitedUntil) < Date.now();
  const invited = user.invitedUntil ? t.invitedUntil(formats.dateTime(user.invitedUntil)) : "";
  const detail =
    user.state === "invited"
      ? isOver
        ? t.linkOver
        : invited
      : user.disabledAt
        ? t.disabledSince(formats.date(user.disabledAt))
        : "";
  return (
    <>
      <Badge
        size="sm"
        variant={user.state === "active" ? "light" : "outline"}
        color="gray"
        c="inherit"
      >
        {states[user.state] ?? user.state}
      </Badge>
      {detail && (
        <Text size="xs" c="dimmed">
          {detail}
        </Text>
      )}
    </>
  );
}
