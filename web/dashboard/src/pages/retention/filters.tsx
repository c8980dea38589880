// What the retention page is asked, in the address.

import { usePageState } from "../../app/navigation";
import { choice, resetOf, type StateOf, text } from "../../app/page-state";
import { ChoiceSelect } from "../../components/choice-select";
import { FilterBar } from "../../components/filter-bar";
import { useTexts } from "../../i18n/texts";
import { texts } from "./texts";

const INTERVALS = ["week", "month", "day"] as const;
const DEEDS = ["visit", "configuration", "cart", "completion"] as const;
const CRITERIA = ["on", "on_or_after"] as const;
const MODES = ["first", "recurring"] as const;
const COUNTINGS = ["calendar", "24h"] as const;
const BREAKDOWNS = ["none", "device", "channel", "country"] as const;
const PERIODS = ["6", "12", "24"] as const;

const fields = {
  interval: choice(INTERVALS, "week"),
  start: choice(DEEDS, "visit"),
  return: choice(DEEDS, "visit"),
  criterion: choice(CRITERIA, "on"),
  mode: choice(MODES, "first"),
  counting: choice(COUNTINGS, "calendar"),
  breakdown: choice(BREAKDOWNS, "none"),
  periods: choice(PERIODS, "12"),
  segment: text(),
};

/** The filters in the address. `segment` is empty for all visitors. */
export function useRetentionState() {
  return usePageState(fields);
}

/** What the report is asked besides the range. */
export function questionOf({
  breakdown,
  counting,
  periods,
  segment: _,
  ...asked
}: StateOf<typeof fields>) {
  return {
    ...asked,
    periods: Number(periods),
    ...(breakdown === "none" ? {} : { breakdown }),
    ...(counting === "24h" ? { rolling: counting } : {}),
  };
}

/** The row of filters. */
export function RetentionFilters() {
  const t = useTexts(texts);
  const [state, setState] = useRetentionState();
  return (
    <FilterBar onReset={resetOf(fields, state, setState)}>
      <ChoiceSelect
        label={t.interval}
        words={INTERVALS}
        names={t.intervals}
        value={state.interval}
        onChange={(interval) => setState({ interval })}
      />
      <ChoiceSelect
        label={t.start}
        words={DEEDS}
        names={t.deeds}
        value={state.start}
        onChange={(start) => setState({ start })}
      />
      <ChoiceSelect
        label={t.return}
        words={DEEDS}
        names={t.deeds}
        value={state.return}
        onChange={(deed) => setState({ return: deed })}
      />
      <ChoiceSelect
        label={t.criterion}
        words={CRITERIA}
        names={t.criteria}
        value={state.criterion}
        onChange={(criterion) => setState({ criterion })}
      />
      <ChoiceSelect
        label={t.mode}
        words={MODES}
        names={t.modes}
        value={state.mode}
        onChange={(mode) => setState({ mode })}
      />
      <ChoiceSelect
        label={t.counting}
        words={COUNTINGS}
        names={t.countings}
        value={state.counting}
        onChange={(counting) => setState({ counting })}
      />
      <ChoiceSelect
        label={t.periods}
        words={PERIODS}
        names={t.periodCounts}
        value={state.periods}
        onChange={(periods) => setState({ periods })}
      />
      <ChoiceSelect
        label={t.breakdown}
        words={BREAKDOWNS}
        names={t.breakdowns}
        value={state.breakdown}
        onChange={(breakdown) => setState({ breakdown, segment: "" })}
      />
    </FilterBar>
  );
}
