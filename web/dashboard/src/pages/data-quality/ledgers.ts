// The two ledgers of the API as equations.

import type { Schema } from "@nest-haus/api";
import { useCallback } from "react";
import { useFormats } from "../../app/navigation";
import { useTexts } from "../../i18n/texts";
import type { BalanceProps } from "./balance";
import { texts } from "./texts";

const TRANSMITTED = ["stored", "rejected", "duplicate", "dead", "queued"] as const;
const NUMBERED = [
  "stored",
  "droppedLocal",
  "rejected",
  "dead",
  "erased",
  "inFlight",
  "unknown",
] as const;

/** Writes what became of transmissions. */
export function useTransmissionBalance(): (ledger: Schema<"Transmissions">) => BalanceProps {
  const t = useTexts(texts);
  const formats = useFormats();
  return useCallback(
    (ledger) => ({
      label: t.transmissions,
      whole: { name: t.terms.received, count: ledger.received },
      parts: TRANSMITTED.map((part) => ({ name: t.terms[part], count: ledger[part] })),
      isRight: ledger.difference === 0,
      verdict: ledger.difference === 0 ? t.holds : t.differs(formats.count(ledger.difference)),
    }),
    [t, formats],
  );
}

/** Writes what became of numbered events. */
export function useSequenceBalance(): (ledger: Schema<"Sequences">) => BalanceProps {
  const t = useTexts(texts);
  const formats = useFormats();
  return useCallback(
    (ledger) => ({
      label: t.sequences,
      whole: { name: t.terms.emitted, count: ledger.emitted },
      parts: NUMBERED.map((part) => ({ name: t.terms[part], count: ledger[part] })),
      isRight: ledger.unknown === 0 && ledger.overcounted === 0,
      verdict: [
        ledger.unknown === 0 ? t.allKnown : t.someUnknown(formats.count(ledger.unknown)),
        ...(ledger.overcounted > 0 ? [t.overcounted(formats.count(ledger.overcounted))] : []),
      ].join(" · "),
    }),
    [t, formats],
  );
}
