//! One session read as a story: how long each choice stood, and which events never arrived.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// Longest stretch without input that counts as attention (definitions b1).
pub const IDLE_AFTER: TimeDelta = TimeDelta::seconds(30);

/// What an event does to the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// A choice, as the client announces it.
    Selection {
        /// The category.
        category: String,
        /// The option.
        option: String,
        /// The option in its place before; nothing where that is not known.
        previous: Option<String>,
    },
    /// A snapshot, with what differs from the one before: category and option, if any is left.
    Snapshot(Vec<(String, Option<String>)>),
}

/// One event of a session. Sessions are slices of these in the order of events: occurred at,
/// sequence number, event id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The tab that it happened in.
    pub tab: Option<String>,
    /// Its number in that tab.
    pub seq: Option<i64>,
    /// Engaged time that the client measured since it last said so.
    pub engaged_ms: Option<i64>,
    /// What it does to the configuration.
    pub effect: Effect,
}

/// How long a choice stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Dwell {
    /// Engaged milliseconds until the configuration changed again in the same tab.
    pub ms: i64,
    /// No change followed: it stood at least this long. Not to be averaged.
    pub censored: bool,
}

/// Numbers of a tab of which no event is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The tab.
    pub tab: String,
    /// First missing number.
    pub first: i64,
    /// Last missing number.
    pub last: i64,
    /// The event that follows the gap; nothing where the tab's last events are missing.
    pub before: Option<usize>,
}

impl Gap {
    /// How many events are missing.
    #[must_use]
    pub const fn count(&self) -> i64 {
        self.last - self.first + 1
    }
}

/// How long each event's choice stood, for the events that changed the configuration (definitions
/// b1). A snapshot that repeats a selection of its tab since the snapshot before changes nothing: what
/// else is new in it followed from that choice.
#[must_use]
pub fn dwells(moments: &[Moment]) -> Vec<Option<Dwell>> {
    let mut dwells = vec![None; moments.len()];
    let mut tabs: BTreeMap<Option<&str>, Stream> = BTreeMap::new();
    for (index, moment) in moments.iter().enumerate() {
        let stream = tabs.entry(moment.tab.as_deref()).or_default();
        stream.attend(moment);
        if stream.changes(&moment.effect)
            && let Some(standing) = stream.standing.replace((index, stream.engaged))
        {
            note(&mut dwells, standing, stream.engaged, false);
        }
    }
    for stream in tabs.into_values() {
        if let Some(standing) = stream.standing {
            note(&mut dwells, standing, stream.engaged, true);
        }
    }
    dwells
}

fn note(
    dwells: &mut [Option<Dwell>],
    (index, since): (usize, TimeDelta),
    until: TimeDelta,
    last: bool,
) {
    if let Some(dwell) = dwells.get_mut(index) {
        *dwell = Some(Dwell { ms: (until - since).num_milliseconds(), censored: last });
    }
}

/// What is known of one tab on the way through its events.
#[derive(Default)]
struct Stream<'a> {
    last_at: Option<DateTime<Utc>>,
    engaged: TimeDelta,
    announced: HashSet<(&'a str, &'a str)>,
    /// The event that the configuration stands by, and the engaged time then.
    standing: Option<(usize, TimeDelta)>,
}

impl<'a> Stream<'a> {
    /// Adds the attention since the event before: what the client measured if it did, else the
    /// time, both no longer than the time that passed, the latter capped where input stops.
    fn attend(&mut self, moment: &Moment) {
        let passed = self.last_at.map_or(TimeDelta::zero(), |last| moment.at - last);
        let most = moment.engaged_ms.map_or(IDLE_AFTER, TimeDelta::milliseconds);
        self.engaged += passed.min(most).max(TimeDelta::zero());
        self.last_at = Some(moment.at);
    }

    fn changes(&mut self, effect: &'a Effect) -> bool {
        match effect {
            Effect::None => false,
            Effect::Selection { category, option, .. } => {
                self.announced.insert((category, option));
                true
            }
            Effect::Snapshot(changes) => {
                let announced = std::mem::take(&mut self.announced);
                let known = |(category, option): &(String, Option<String>)| {
                    option.as_ref().is_some_and(|option| {
                        announced.contains(&(category.as_str(), option.as_str()))
                    })
                };
                !changes.is_empty() && !changes.iter().any(known)
            }
        }
    }
}

/// The missing numbers of each tab: below its greatest number, and up to as many as it says that it
/// emitted. Numbers begin at 1.
#[must_use]
pub fn gaps(moments: &[Moment], emitted: &BTreeMap<String, i64>) -> Vec<Gap> {
    let mut tabs: BTreeMap<&str, BTreeMap<i64, usize>> = BTreeMap::new();
    for tab in emitted.keys() {
        tabs.insert(tab, BTreeMap::new());
    }
    for (index, moment) in moments.iter().enumerate() {
        if let (Some(tab), Some(seq)) = (moment.tab.as_deref(), moment.seq) {
            tabs.entry(tab).or_default().entry(seq).or_insert(index);
        }
    }
    let mut gaps = Vec::new();
    for (tab, present) in tabs {
        let gap = |first, last, before| Gap { tab: tab.to_owned(), first, last, before };
        let mut expected = 1;
        for (seq, index) in present {
            if seq > expected {
                gaps.push(gap(expected, seq - 1, Some(index)));
            }
            expected = expected.max(seq.saturating_add(1));
        }
        let said = emitted.get(tab).copied().unwrap_or(0);
        if said >= expected {
            gaps.push(gap(expected, said, None));
        }
    }
    gaps
}

/// The categories in which a visitor could not decide, each with how often (definitions b10): at
/// least three changes within 60 s of engaged time, or back to the option before the last. A change
/// counts for one indecision at most.
#[must_use]
pub fn indecisions(moments: &[Moment]) -> BTreeMap<String, i64> {
    let mut found = BTreeMap::new();
    let mut tabs: BTreeMap<Option<&str>, (Stream, BTreeMap<&str, Changes>)> = BTreeMap::new();
    for moment in moments {
        let (stream, recent) = tabs.entry(moment.tab.as_deref()).or_default();
        stream.attend(moment);
        let Effect::Selection { category, option, previous } = &moment.effect else { continue };
        let changes = recent.entry(category).or_default();
        if changes.is_empty() {
            changes.extend(previous.as_deref().map(|option| (None, option)));
        }
        if changes.last().is_some_and(|(_, last)| last == option) {
            continue;
        }
        changes.push((Some(stream.engaged), option));
        if is_indecision(changes) {
            *found.entry(category.clone()).or_default() += 1;
            *changes = changes.split_off(changes.len() - 1);
        }
    }
    found
}

/// The options of one category one after another, with the engaged time of each choice; the first
/// may have stood there without one.
type Changes<'a> = Vec<(Option<TimeDelta>, &'a str)>;

/// Changes in one category count as indecision within this engaged time.
const INDECISION_WITHIN: TimeDelta = TimeDelta::seconds(60);

fn is_indecision(changes: &[(Option<TimeDelta>, &str)]) -> bool {
    let [.., first, _, last] = changes else { return false };
    let within = |(first, last)| last - first <= INDECISION_WITHIN;
    first.0.zip(last.0).is_some_and(within) || first.1 == last.1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn moment(seconds: i64, effect: Effect) -> Moment {
        let at = DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap();
        Moment { at, effect, ..Moment::default() }
    }

    fn selection(category: &str, option: &str) -> Effect {
        let (category, option) = (category.to_owned(), option.to_owned());
        Effect::Selection { category, option, previous: None }
    }

    fn snapshot(changes: &[(&str, &str)]) -> Effect {
        let change =
            |&(category, option): &(&str, &str)| (category.to_owned(), Some(option.to_owned()));
        Effect::Snapshot(changes.iter().map(change).collect())
    }

    fn in_tab(tab: &str, seq: i64, seconds: i64) -> Moment {
        Moment { tab: Some(tab.to_owned()), seq: Some(seq), ..moment(seconds, Effect::None) }
    }

    #[test]
    fn a_choice_stands_until_the_next_and_the_last_is_censored() {
        let story = [
            moment(0, selection("nest", "nest80")),
            moment(10, Effect::None),
            moment(12, selection("nest", "nest100")),
            moment(20, Effect::None),
        ];
        let dwell = |ms, censored| Some(Dwell { ms, censored });
        assert_eq!(dwells(&story), [dwell(12_000, false), None, dwell(8_000, true), None]);
    }

    #[test]
    fn idleness_counts_for_thirty_seconds_and_measured_attention_as_measured() {
        let mut story = [
            moment(0, selection("nest", "a")),
            moment(600, Effect::None),
            moment(660, selection("nest", "b")),
        ];
        assert_eq!(dwells(&story)[0].unwrap().ms, 60_000);
        story[1].engaged_ms = Some(45_000);
        assert_eq!(dwells(&story)[0].unwrap().ms, 75_000);
        story[1].engaged_ms = Some(10_000_000);
        assert_eq!(dwells(&story)[0].unwrap().ms, 630_000, "no longer than the time that passed");
    }

    #[test]
    fn a_snapshot_that_repeats_a_selection_ends_no_dwell() {
        let story = [
            moment(0, selection("nest", "nest80")),
            moment(5, snapshot(&[("hull", "wood"), ("nest", "nest80")])),
            moment(9, snapshot(&[("pvanlage", "pv")])),
        ];
        let all = dwells(&story);
        assert_eq!((all[0].unwrap().ms, all[1]), (9_000, None));
        assert_eq!(all[2], Some(Dwell { ms: 0, censored: true }));
    }

    #[test]
    fn tabs_do_not_end_each_others_dwells() {
        let mut other = moment(5, selection("nest", "b"));
        other.tab = Some("t2".to_owned());
        let story = [moment(0, selection("nest", "a")), other, moment(9, Effect::None)];
        assert_eq!(dwells(&story)[0], Some(Dwell { ms: 9_000, censored: true }));
    }

    #[test]
    fn missing_numbers_are_named_where_they_are_missing() {
        let story = [in_tab("a", 3, 0), in_tab("b", 1, 1), in_tab("a", 4, 2), in_tab("a", 8, 3)];
        let emitted = BTreeMap::from([("a".to_owned(), 10), ("b".to_owned(), 1), ("c".into(), 2)]);
        let found = gaps(&story, &emitted);
        let gap = |tab: &str, first, last, before| Gap { tab: tab.to_owned(), first, last, before };
        let expected = [
            gap("a", 1, 2, Some(0)),
            gap("a", 5, 7, Some(3)),
            gap("a", 9, 10, None),
            gap("c", 1, 2, None),
        ];
        assert_eq!(found, expected);
        assert_eq!(found[1].count(), 3);
    }

    #[test]
    fn going_back_and_forth_is_indecision() {
        let story = |steps: &[(i64, &str)]| -> Vec<Moment> {
            steps.iter().map(|(at, option)| moment(*at, selection("hull", option))).collect()
        };
        let count = |steps: &[(i64, &str)]| indecisions(&story(steps)).get("hull").copied();
        assert_eq!(count(&[(0, "a"), (10, "b")]), None);
        assert_eq!(count(&[(0, "a"), (10, "b"), (20, "c")]), Some(1));
        assert_eq!(count(&[(0, "a"), (20, "a"), (40, "b")]), None, "choosing again is no change");
        assert_eq!(count(&[(0, "a"), (30, "b"), (90, "c")]), Some(1), "idleness is no time");
        assert_eq!(count(&[(0, "a"), (30, "b"), (31, "b"), (61, "c")]), None, "61 s engaged");
        assert_eq!(count(&[(0, "a"), (30, "b"), (900, "a")]), Some(1), "back to the first");
    }

    #[test]
    fn back_to_what_was_preselected_is_indecision() {
        let count = |options: &[&str]| {
            let story = options.windows(2).zip(0..).map(|(pair, turn)| {
                let (category, option) = ("hull".to_owned(), pair[1].to_owned());
                let previous = Some(pair[0].to_owned());
                moment(turn * 15, Effect::Selection { category, option, previous })
            });
            indecisions(&story.collect::<Vec<_>>()).get("hull").copied()
        };
        assert_eq!(count(&["a", "b"]), None);
        assert_eq!(count(&["a", "b", "a"]), Some(1));
        assert_eq!(count(&["a", "b", "c"]), None, "two changes");
        assert_eq!(count(&["a", "b", "c", "d"]), Some(1), "three changes");
    }

    fn any_moments() -> impl Strategy<Value = Vec<Moment>> {
        let effect = prop_oneof![
            Just(Effect::None),
            (0..3, 0..3).prop_map(|(c, o)| selection(&format!("c{c}"), &format!("o{o}"))),
            (0..3, 0..3).prop_map(|(c, o)| snapshot(&[(&format!("c{c}"), &format!("o{o}"))])),
        ];
        let one = (0_i64..90, 0..3, proptest::option::of(1_i64..30), effect);
        proptest::collection::vec(one, 0..40).prop_map(|steps| {
            let mut at = 0;
            let step = |(passed, tab, seq, effect)| {
                at += passed;
                let tab = (tab > 0).then(|| format!("t{tab}"));
                Moment { tab, seq, ..moment(at, effect) }
            };
            steps.into_iter().map(step).collect()
        })
    }

    proptest! {
        #[test]
        fn dwells_of_a_tab_never_exceed_the_time_that_passed(moments in any_moments()) {
            let all = dwells(&moments);
            for tab in [None, Some("t1"), Some("t2")] {
                let of_tab = || moments.iter().zip(&all).filter(|(m, _)| m.tab.as_deref() == tab);
                let sum: i64 = of_tab().filter_map(|(_, dwell)| Some(dwell.as_ref()?.ms)).sum();
                let passed = of_tab().next_back().zip(of_tab().next())
                    .map_or(0, |(last, first)| (last.0.at - first.0.at).num_milliseconds());
                prop_assert!(sum <= passed);
                let censored = of_tab().filter(|(_, d)| d.is_some_and(|d| d.censored)).count();
                prop_assert!(censored <= 1);
            }
        }

        #[test]
        fn present_and_missing_numbers_make_all_numbers(
            moments in any_moments(), said in 0_i64..40
        ) {
            let emitted = BTreeMap::from([("t1".to_owned(), said)]);
            let present: BTreeSet<i64> = moments.iter()
                .filter(|m| m.tab.as_deref() == Some("t1")).filter_map(|m| m.seq).collect();
            let missing: BTreeSet<i64> = gaps(&moments, &emitted).iter()
                .filter(|gap| gap.tab == "t1").flat_map(|gap| gap.first..=gap.last).collect();
            prop_assert!(present.is_disjoint(&missing));
            let all: BTreeSet<i64> = present.union(&missing).copied().collect();
            let greatest = present.last().copied().unwrap_or(0).max(said);
            prop_assert_eq!(all, (1..=greatest).collect::<BTreeSet<i64>>());
        }
    }
}
