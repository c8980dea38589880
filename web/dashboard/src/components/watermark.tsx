// How complete a report is, and whom it leaves out.

import { Group, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useFormats } from "../app/navigation";
import { common } from "../i18n/common";
import type { Formats } from "../i18n/formats";
import { useTexts } from "../i18n/texts";

/** What reports say about themselves. */
export type ReportMeta = Schema<"Meta">;

/** One line: complete up to when, still running or not, who is left out. */
export function Watermark({ meta }: { meta: ReportMeta }) {
  const t = useTexts(common).meta;
  const formats = useFormats();
  const excluded = useExcluded(meta, formats);
  return (
    <Group style={{ gap: "2px 16px" }}>
      <Text size="xs" c="dimmed">
        {t.watermark}: {meta.watermark ? formats.dateTime(meta.watermark) : t.watermarkUnknown}
      </Text>
      {meta.partial && (
        <Text size="xs" c="dimmed">
          {t.partial}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {t.excluded}: {excluded}
      </Text>
    </Group>
  );
}

/** Whom a report leaves out, in words. */
export function useExcluded({ excluded }: ReportMeta, formats: Formats): string {
  const t = useTexts(common).meta;
  const reasons = [
    [excluded.bot, t.bots],
    [excluded.internal, t.internal],
    [excluded.noConsent, t.noConsent],
    [excluded.late, t.late],
  ] as const;
  const said = reasons.flatMap(([count, say]) => (count > 0 ? [say(formats.count(count))] : []));
  return said.join(", ") || t.nothing;
}
