// A choice of a role that says what each role may do.

import { Radio, Stack } from "@mantine/core";
import { shellTexts } from "../../app/shell-texts";
import { useTexts } from "../../i18n/texts";
import { type Role, roleOf } from "./roles";
import { texts } from "./texts";

/** Radio buttons, one for each role that may be given. */
export function RoleSelect(props: {
  label: string;
  roles: readonly Role[];
  value: Role;
  onChange: (role: Role) => void;
  error?: string | null;
}) {
  const t = useTexts(texts);
  const { roles: names } = useTexts(shellTexts);
  return (
    <Radio.Group
      label={props.label}
      value={props.value}
      error={props.error}
      onChange={(value) => props.onChange(roleOf(value) ?? props.value)}
    >
      <Stack gap="xs" mt="xs">
        {props.roles.map((role) => (
          <Radio key={role} value={role} label={names[role]} description={t.roleTexts[role]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
