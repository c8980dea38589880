// What the retention page is asked, in the address.

import { usePageState } from "../../app/navigation";
import { choice, type Fields, text } from "../../app/page-state";
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

interface State {
  interval: (typeof INTERVALS)[number];
  start: (typeof DEEDS)[number];
  return: (typeof DEEDS)[number];
  criterion: (typeof CRITERIA)[number];
  mode: (typeof MODES)[number];
  counting: (typeof COUNTINGS)[number];
  breakdown: (typeof BREAKDOWNS)[number];
  periods: (typeof PERIODS)[number];
  segment: string;
}

const DEFAULTS: State = {
  interval: "week",
  start: "visit",
  return: "visit",
  criterion: "on",
  mode: "first",
  counting: "calendar",
  breakdown: "none",
  periods: "12",
  segment: "",
};

const fields: Fields<State> = {
  interval: choice(INTERVALS, DEFAULTS.interval),
  start: choice(DEEDS, DEFAULTS.start),
  return: choice(DEEDS, DEFAULTS.return),
  criterion: choice(CRITERIA, DEFAULTS.criterion),
  mode: choice(MODES, DEFAULTS.mode),
  counting: choice(COUNTINGS, DEFAULTS.counting),
  breakdown: choice(BREAKDOWNS, DEFAULTS.breakdown),
  periods: choice(PERIODS, DEFAULTS.periods),
  segment: text(),
};

/** The filters in the address. `segment` is empty for all visitors. */
export function useRetentionState() {
  return usePageState(fields);
}

/** What the report is asked besides the range. */
export function questionOf({ breakdown, counting, periods, segment: _, ...asked }: State) {
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
  const isFiltered = Object.entries(DEFAULTS).some(
    ([key, value]) => Object.entries(state).find(([name]) => name === key)?.[1] !== value,
  );
  return (
    <FilterBar onReset={isFiltered ? () => setState(DEFAULTS) : undefined}>
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
