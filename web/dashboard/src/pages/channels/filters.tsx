// What the channels page is asked, in the address.

import { Button, Tooltip } from "@mantine/core";
import { IconRouteOff } from "@tabler/icons-react";
import { usePageState } from "../../app/navigation";
import { choice, optionalFlag, resetOf, type StateOf } from "../../app/page-state";
import { ChoiceSelect } from "../../components/choice-select";
import { FilterBar } from "../../components/filter-bar";
import { useTexts } from "../../i18n/texts";
import type { Measure, Model } from "./credits";
import { texts } from "./texts";

const BYS = ["channel", "source", "medium", "campaign"] as const;
const CONVERSIONS = ["micro", "lead", "macro"] as const;
const LOOKBACKS = ["7", "30", "90", "180", "400"] as const;
const LIMITS = ["10", "20", "50", "200"] as const;
const MEASURES: readonly Measure[] = ["conversions", "revenueCents"];
const COMPARED: readonly Model[] = [
  "first",
  "last",
  "lastNonDirect",
  "linear",
  "position",
  "timeDecay",
];

const fields = {
  by: choice(BYS, "channel"),
  conversion: choice(CONVERSIONS, "micro"),
  lookbackDays: choice(LOOKBACKS, "90"),
  limit: choice(LIMITS, "20"),
  measure: choice(MEASURES, "conversions"),
  /** The model whose credits are compared. */
  model: choice(COMPARED, "linear"),
  removal: optionalFlag(),
};

/** The filters in the address. */
export function useChannelState() {
  return usePageState(fields);
}

/** What the report is asked besides the range. */
export function questionOf({
  by,
  conversion,
  lookbackDays,
  limit,
  removal,
}: StateOf<typeof fields>) {
  return {
    by,
    conversion,
    lookbackDays: Number(lookbackDays),
    limit: Number(limit),
    ...(removal ? { removal } : {}),
  };
}

/** The row of filters. */
export function ChannelFilters({ isCompared }: { isCompared: boolean }) {
  const t = useTexts(texts);
  const [state, setState] = useChannelState();
  return (
    <FilterBar onReset={resetOf(fields, state, setState)}>
      <ChoiceSelect
        label={t.by}
        words={BYS}
        names={t.bys}
        value={state.by}
        onChange={(by) => setState({ by })}
      />
      <ChoiceSelect
        label={t.conversion}
        words={CONVERSIONS}
        names={t.conversions}
        value={state.conversion}
        onChange={(conversion) =>
          setState(conversion === "macro" ? { conversion } : { conversion, measure: "conversions" })
        }
      />
      {state.conversion === "macro" && (
        <ChoiceSelect
          label={t.measure}
          words={MEASURES}
          names={t.measures}
          value={state.measure}
          onChange={(measure) => setState({ measure })}
        />
      )}
      <ChoiceSelect
        label={t.lookback}
        words={LOOKBACKS}
        names={t.lookbacks}
        value={state.lookbackDays}
        onChange={(lookbackDays) => setState({ lookbackDays })}
      />
      <ChoiceSelect
        label={t.limit}
        words={LIMITS}
        names={t.limits}
        value={state.limit}
        onChange={(limit) => setState({ limit })}
      />
      {isCompared && (
        <ChoiceSelect
          label={t.compared}
          words={COMPARED}
          names={t.models}
          value={state.model}
          onChange={(model) => setState({ model })}
        />
      )}
      <Tooltip label={t.removalHint}>
        <Button
          variant="default"
          aria-pressed={state.removal === true}
          leftSection={<IconRouteOff size={16} aria-hidden />}
          onClick={() => setState({ removal: state.removal ? undefined : true })}
        >
          {state.removal ? t.removalHide : t.removal}
        </Button>
      </Tooltip>
    </FilterBar>
  );
}
