// A short message beside a coloured edge: colour hints, words and icon say.

import { Alert, type AlertProps } from "@mantine/core";

const COLORS = { good: "green", warning: "orange", bad: "red", neutral: "gray" } as const;

/** What a notice says. */
export interface NoticeProps extends Omit<AlertProps, "color" | "styles" | "variant"> {
  tone: keyof typeof COLORS;
}

/** An alert whose words have the contrast of text, light and dark. */
export function Notice({ tone, ...rest }: NoticeProps) {
  const color = COLORS[tone];
  return (
    <Alert
      color={color}
      role={tone === "bad" || tone === "warning" ? "alert" : "note"}
      styles={{
        root: {
          background: "var(--nest-surface)",
          border: "1px solid var(--mantine-color-default-border)",
          borderLeft: `4px solid var(--mantine-color-${color}-6)`,
        },
        title: { color: "var(--mantine-color-text)" },
        message: { color: "var(--mantine-color-text)" },
      }}
      {...rest}
    />
  );
}
