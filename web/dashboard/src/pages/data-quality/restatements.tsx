// Days that count otherwise than they did, since events came late.

import { Stack, Text } from "@mantine/core";
import type { Schema } from "@nest-haus/api";
import { useMemo } from "react";
import { useFormats } from "../../app/navigation";
import { type Column, DataTable } from "../../components/data-table";
import { Definition } from "../../components/definition";
import { Tile } from "../../components/tile";
import { makeFormats } from "../../i18n/formats";
import { useLanguage } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

/** The list of restated days. */
export function Restatements({ report }: { report: Schema<"DataQuality"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const columns = useColumns();
  const { restatements, meta } = report;
  return (
    <Tile
      title={t.restatements}
      aside={<Definition name={t.restatements} text={t.restatementsText} meta={meta} />}
    >
      {restatements.total === 0 ? (
        <Text size="sm">{t.noRestatements}</Text>
      ) : (
        <Stack gap="sm">
          <Text size="sm">
            {restatements.total === 1
              ? t.restatedOnce
              : t.restatedTotal(formats.count(restatements.total))}
          </Text>
          <DataTable
            label={t.restatements}
            columns={columns}
            rows={restatements.latest}
            rowKey={({ day, restatedAt }) => `${day} ${restatedAt}`}
            maxHeight={360}
          />
        </Stack>
      )}
    </Tile>
  );
}

function useColumns(): readonly Column<Schema<"Restatement">>[] {
  const t = useTexts(texts);
  const formats = useFormats();
  const { language } = useLanguage();
  return useMemo(() => {
    const utc = makeFormats(language, "UTC");
    return [
      { id: "day", header: t.day, value: ({ day }) => day, instant: utc.date },
      {
        id: "restated",
        header: t.restated,
        value: ({ restatedAt }) => restatedAt,
        instant: formats.dateTime,
      },
      {
        id: "before",
        header: t.before,
        value: ({ visitsBefore }) => visitsBefore,
        format: formats.count,
      },
      {
        id: "after",
        header: t.after,
        value: ({ visitsAfter }) => visitsAfter,
        format: formats.count,
      },
    ];
  }, [t, formats, language]);
}
