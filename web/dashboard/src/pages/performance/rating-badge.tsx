// Ratings by sign and word, so that colour is never all that says them.

import { Badge } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const SIGNS = { good: IconCircleCheck, needs_improvement: IconAlertTriangle, poor: IconCircleX };
const COLORS: Readonly<Record<Schema<"Rating">, string>> = {
  good: "var(--nest-up)",
  needs_improvement: "var(--mantine-color-text)",
  poor: "var(--nest-down)",
};

/** The rating of measurements, or why there is none. */
export function RatingBadge({ measured }: { measured: Schema<"Measured"> }) {
  const t = useTexts(texts);
  const { rating, insufficient } = measured;
  if (!rating) {
    return (
      <Badge variant="outline" color="gray" c="dimmed" tt="none" miw="max-content">
        {insufficient ? t.insufficient : t.unrated}
      </Badge>
    );
  }
  const Sign = SIGNS[rating];
  return (
    <Badge
      variant="outline"
      tt="none"
      miw="max-content"
      c={COLORS[rating]}
      style={{ borderColor: COLORS[rating] }}
      leftSection={<Sign size={14} aria-hidden />}
    >
      {t.ratings[rating]}
    </Badge>
  );
}
