// A share in a table: its value, and below it the 95 % interval with the counts.

import { Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useFormats } from "../app/navigation";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** Shows a share; a dash where there are no cases. */
export function RateCell({ rate }: { rate: Schema<"Rate"> | undefined }) {
  const t = useTexts(common).meta;
  const formats = useFormats();
  if (!rate || rate.value == null) return "–";
  const counts = t.of(formats.count(rate.num), formats.count(rate.den));
  return (
    <>
      <Text size="sm" fw={600}>
        {formats.share(rate.value)}
      </Text>
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {formats.interval(rate.ciLow, rate.ciHigh)}
      </Text>
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {counts}
      </Text>
    </>
  );
}
