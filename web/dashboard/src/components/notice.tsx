// A short message on a tinted surface: colour hints, words and icon say.

import { Alert, type AlertProps } from "@mantine/core";

const COLORS = { good: "green", warning: "orange", bad: "red", neutral: "gray" } as const;

/** What a notice says. */
export interface NoticeProps extends Omit<AlertProps, "color"> {
  tone: keyof typeof COLORS;
}

/** An alert whose title has the contrast of text. */
export function Notice({ tone, ...rest }: NoticeProps) {
  return (
    <Alert
      color={COLORS[tone]}
      styles={{ title: { color: "var(--mantine-color-text)" } }}
      {...rest}
    />
  );
}
