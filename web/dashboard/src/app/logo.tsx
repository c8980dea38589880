// The sign of the dashboard.

import { Group, Text } from "@mantine/core";

/** House and name. */
export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="7" fill="#0b5563" />
        <path d="M7 17 16 8l9 9v8h-6v-6h-6v6H7z" fill="#fff" />
      </svg>
      <Text fw={700} visibleFrom="xs" span>
        NEST-Haus
      </Text>
    </Group>
  );
}
