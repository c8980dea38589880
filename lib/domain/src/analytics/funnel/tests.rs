//! The vectors of the definition, its identities, and the comparison with the slow answer.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::oracle;
use super::*;
use crate::analytics::{Interval, Zone, buckets};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
}

fn all() -> Period {
    Period { from: at(-1000), to: at(1000) }
}

fn rules(steps: usize, window: i64) -> FunnelRules {
    FunnelRules {
        steps,
        order: Order::Ordered,
        ties: Ties::Log,
        counting: Counting::Unique,
        window: Some(TimeDelta::seconds(window)),
        step_windows: Vec::new(),
        exclusions: Vec::new(),
        entry: all(),
    }
}

/// Events written as `A1 B5`: A, B, C are steps, X is an exclusion, anything else is some event.
fn events(text: &str) -> UnitEvents {
    let event = |(index, word): (usize, &str)| {
        let (name, second) = word.split_at(1);
        let step = ["A", "B", "C", "D"].iter().position(|step| *step == name);
        UnitEvent {
            at: at(second.parse().unwrap()),
            seq: i64::try_from(index).unwrap(),
            id: index as u128,
            steps: step.map_or(0, |step| 1 << step),
            exclusions: u32::from(name == "X"),
            value: None,
        }
    };
    UnitEvents::new(text.split_whitespace().enumerate().map(event).collect())
}

/// How far a unit comes; -1 where it is excluded.
fn levels(rules: FunnelRules, events: &UnitEvents) -> Vec<i64> {
    let level = |outcome: Outcome| match outcome {
        Outcome::Reached(places) => i64::try_from(places.len()).unwrap(),
        Outcome::Excluded => -1,
    };
    Funnel::new(rules).unwrap().attempts(events).into_iter().map(level).collect()
}

fn level(rules: FunnelRules, text: &str) -> i64 {
    levels(rules, &events(text)).first().copied().unwrap_or(0)
}

#[test]
fn the_window_is_anchored_at_the_best_first_step() {
    assert_eq!(level(rules(3, 10), "A1 B5 C9"), 3);
    assert_eq!(level(rules(3, 10), "A1 B5 C11"), 3, "inclusive");
    assert_eq!(level(rules(3, 10), "A1 B5 C12"), 2);
    assert_eq!(level(rules(3, 10), "A1 A5 B9 C14"), 3);
    assert_eq!(level(rules(2, 7), "A0 A9 B10"), 2);
}

#[test]
fn steps_come_in_order_unless_any_is_asked_for() {
    assert_eq!(level(rules(3, 10), "B1 A2 C3"), 1);
    assert_eq!(level(FunnelRules { order: Order::Any, ..rules(3, 10) }, "B1 A2 C3"), 3);
    assert_eq!(level(FunnelRules { order: Order::Any, ..rules(3, 10) }, "B1 A9 C12"), 2);
}

#[test]
fn strict_lets_nothing_in_between() {
    let strict = FunnelRules { order: Order::Strict, ..rules(2, 10) };
    assert_eq!(level(strict.clone(), "A1 O2 B3"), 1);
    assert_eq!(level(strict.clone(), "A1 B3"), 2);
    assert_eq!(level(strict, "A1 O2 A3 B4"), 2);
}

#[test]
fn an_event_serves_one_step_only() {
    let twice = |text: &str| {
        let mut both = events(text).as_slice().to_vec();
        for event in &mut both {
            event.steps = 0b11;
        }
        levels(rules(2, 10), &UnitEvents::new(both))
    };
    assert_eq!(twice("A1"), [1]);
    assert_eq!(twice("A1 A2"), [2]);
}

#[test]
fn ties_follow_their_numbers_and_then_either_order() {
    assert_eq!(level(rules(2, 10), "A1 B1"), 2);
    assert_eq!(level(rules(2, 10), "B1 A1"), 1);
    let numberless = |text: &str| {
        let mut same = events(text).as_slice().to_vec();
        for event in &mut same {
            event.seq = 0;
        }
        UnitEvents::new(same)
    };
    assert_eq!(levels(rules(2, 10), &numberless("B1 A1")), [2]);
    let later = FunnelRules { ties: Ties::Strict, ..rules(2, 10) };
    assert_eq!(levels(later.clone(), &numberless("A1 B1")), [1]);
    assert_eq!(level(later, "A1 B1 B2"), 2);
}

#[test]
fn who_enters_before_or_after_the_range_does_not_count() {
    let entry = Period { from: at(5), to: at(10) };
    let rules = FunnelRules { entry, ..rules(2, 10) };
    assert_eq!(level(rules.clone(), "A4 B6"), 0);
    assert_eq!(level(rules.clone(), "A10 B11"), 0);
    assert_eq!(level(rules.clone(), "A9 B19"), 2, "later steps may fall after the range");
    assert_eq!(level(FunnelRules { order: Order::Any, ..rules }, "B4 A9 B12"), 2);
}

#[test]
fn a_step_may_have_a_window_of_its_own() {
    let own = FunnelRules { step_windows: vec![Some(TimeDelta::seconds(3)), None], ..rules(3, 20) };
    assert_eq!(level(own.clone(), "A1 B5 C6"), 1);
    assert_eq!(level(own.clone(), "A1 B4 C21"), 3);
    assert_eq!(level(own, "A1 A3 B5 C6"), 3);
}

#[test]
fn an_exclusion_makes_the_attempt_void() {
    let excluded = |after, before, text: &str| {
        level(FunnelRules { exclusions: vec![Exclusion { after, before }], ..rules(3, 10) }, text)
    };
    assert_eq!(excluded(1, 2, "A1 X2 B3 C4"), -1);
    assert_eq!(excluded(1, 2, "A1 B2 X3 C4"), 3);
    assert_eq!(excluded(2, 3, "A1 B2 X3"), -1);
    assert_eq!(excluded(1, 3, "A1 B2 C3 X4"), 3);
    assert_eq!(excluded(1, 2, "A1 X2 A3 B4"), 2, "a later attempt is clean");
    assert_eq!(excluded(1, 2, "A1 X12"), 1, "after the window");
}

#[test]
fn all_attempts_count_where_that_is_asked_for() {
    let total = FunnelRules { counting: Counting::Total, ..rules(2, 10) };
    assert_eq!(levels(total.clone(), &events("A1 B2 A3 B4 A5")), [2, 2, 1]);
    let any = FunnelRules { order: Order::Any, ..total };
    assert_eq!(levels(any, &events("B1 A2 B3 B4")), [2, 1]);
}

#[test]
fn of_equal_attempts_the_first_to_finish_and_of_those_the_last_to_begin_counts() {
    let funnel = Funnel::new(rules(2, 10)).unwrap();
    let outcome = funnel.attempts(&events("A1 A3 B5 A6 B7"));
    assert_eq!(outcome, [Outcome::Reached(vec![1, 2])]);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let refused = |rules: FunnelRules| Funnel::new(rules).unwrap_err();
    assert_eq!(refused(rules(1, 10)), FunnelError::Steps);
    assert_eq!(refused(rules(21, 10)), FunnelError::Steps);
    assert_eq!(refused(rules(3, 0)), FunnelError::Windows);
    let exclusions = vec![Exclusion { after: 2, before: 2 }];
    let bad = FunnelRules { exclusions, ..rules(3, 10) };
    assert_eq!(refused(bad), FunnelError::Exclusions);
    let step_windows = vec![Some(TimeDelta::seconds(1))];
    let bad = FunnelRules { order: Order::Any, step_windows, ..rules(3, 10) };
    assert_eq!(refused(bad), FunnelError::Unordered);
}

#[test]
fn a_value_is_taken_by_the_attribution_asked_for() {
    let mut valued = events("A1 B2 C3").as_slice().to_vec();
    valued[1].value = Some("b".to_owned());
    valued[2].value = Some("c".to_owned());
    let attempt = [0, 1, 2];
    let value = |attribution: Attribution| attribution.value(&valued, &attempt);
    assert_eq!(value(Attribution::First), Some("b"));
    assert_eq!(value(Attribution::Last), Some("c"));
    assert_eq!(value(Attribution::Step(1)), None);
    assert_eq!(value(Attribution::Step(2)), Some("b"));
    assert_eq!(value(Attribution::All), None);
    assert_eq!(Attribution::Last.value(&valued, &[0]), Some(NOT_SET));
    assert_eq!(Attribution::All.value(&valued, &[0]), Some(NOT_SET));
}

fn tally_rules() -> TallyRules {
    TallyRules {
        incomplete_after: at(1000),
        complete_only: false,
        buckets: buckets(all(), Interval::Day, Zone::UTC, at(2000)),
        attribution: None,
    }
}

#[test]
fn outcomes_add_up_to_the_report() {
    let funnel = Funnel::new(rules(3, 10)).unwrap();
    let rules = TallyRules { incomplete_after: at(4), ..tally_rules() };
    let mut tally = Tally::new(&funnel, rules);
    for (key, text) in ["A1 B3 C7", "A1 B5", "A2", "B1", "A5 B6"].into_iter().enumerate() {
        tally.note(&funnel, &key, &events(text), false);
    }
    let steps = tally.steps();
    let entered: Vec<i64> = steps.iter().map(|step| step.entered).collect();
    assert_eq!(entered, [4, 3, 1]);
    assert_eq!((steps[1].dropped, steps[2].dropped), (1, 2));
    assert_eq!((steps[2].conversion_rate.num, steps[2].conversion_rate.den), (1, 4));
    assert_eq!(steps[2].step_conversion_rate.den, 3);
    // Times of 1, 2 and 4 seconds from the first step to the second.
    let times = steps[1].from_previous;
    assert_eq!(
        (times.p25_ms, times.p50_ms, times.p90_ms),
        (Some(1500.0), Some(2000.0), Some(3600.0))
    );
    assert_eq!(steps[2].from_start.p50_ms, Some(6000.0));
    assert_eq!(tally.incomplete(), [1, 1, 0]);
    assert_eq!(tally.trend()[0].entered, [4, 3, 1]);
    assert_eq!(tally.dropped(1).iter().map(|unit| unit.key).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn nobody_entered() {
    let funnel = Funnel::new(rules(2, 10)).unwrap();
    let steps = Tally::<()>::new(&funnel, tally_rules()).steps();
    assert_eq!(steps[0].entered, 0);
    assert_eq!(steps[1].conversion_rate.value, None);
    assert_eq!(steps[1].from_previous.p50_ms, None);
}

#[test]
fn many_times_are_counted_instead_of_kept() {
    let mut times = Times::default();
    (1..=50_000).for_each(|ms| times.note(TimeDelta::milliseconds(ms)));
    let found = times.quantiles();
    assert!(found.approx);
    assert!((found.p50_ms.unwrap() / 25_000.0 - 1.0).abs() < 0.0222);
}

fn any_event() -> impl Strategy<Value = UnitEvent> {
    (0_i64..14, 0_i64..2, 0_u32..16, 0_u32..12, 0_u8..3).prop_map(
        |(second, seq, steps, exclusions, value)| UnitEvent {
            at: at(second),
            seq,
            id: 0,
            steps,
            exclusions: exclusions.saturating_sub(8),
            value: (value > 0).then(|| value.to_string()),
        },
    )
}

fn any_events() -> impl Strategy<Value = Vec<UnitEvent>> {
    proptest::collection::vec(any_event(), 0..6).prop_map(|mut events| {
        events.iter_mut().enumerate().for_each(|(id, event)| event.id = id as u128);
        events
    })
}

fn any_rules() -> impl Strategy<Value = FunnelRules> {
    let exclusion = (1_usize..4, 1_usize..4)
        .prop_map(|(after, more)| Exclusion { after, before: (after + more).min(4) });
    (
        prop_oneof![Just(Order::Ordered), Just(Order::Strict), Just(Order::Any)],
        prop_oneof![Just(Ties::Log), Just(Ties::Strict)],
        proptest::option::of(1_i64..14),
        proptest::collection::vec(proptest::option::of(1_i64..8), 0..3),
        proptest::collection::vec(exclusion, 0..2),
        (0_i64..4, 8_i64..16),
    )
        .prop_map(|(order, ties, window, own, exclusions, (from, to))| {
            let ordered = order != Order::Any;
            let seconds = |own: Option<i64>| own.map(TimeDelta::seconds);
            FunnelRules {
                order,
                ties,
                window: window.map(TimeDelta::seconds),
                step_windows: own.into_iter().filter(|_| ordered).map(seconds).collect(),
                exclusions: if ordered { exclusions } else { Vec::new() },
                entry: Period { from: at(from), to: at(to) },
                ..rules(4, 1)
            }
        })
}

fn without_exclusions() -> impl Strategy<Value = FunnelRules> {
    any_rules().prop_map(|rules| FunnelRules { exclusions: Vec::new(), ..rules })
}

fn best(rules: &FunnelRules, events: &[UnitEvent]) -> i64 {
    levels(rules.clone(), &UnitEvents::new(events.to_vec())).first().copied().unwrap_or(0)
}

proptest! {
    #[test]
    fn the_fold_gives_the_slow_answer(rules in any_rules(), events in any_events()) {
        let events = UnitEvents::new(events);
        let found = match Funnel::new(rules.clone()).unwrap().attempts(&events).first() {
            None => Ok(None),
            Some(Outcome::Excluded) => Err(()),
            Some(Outcome::Reached(places)) => {
                let at = || places.iter().map(|place| events.as_slice()[*place].at);
                Ok(Some((places.len(), at().max().unwrap(), at().min().unwrap())))
            }
        };
        prop_assert_eq!(found, oracle::answer(&rules, &events));
    }

    #[test]
    fn strict_is_at_most_ordered_and_that_at_most_any(
        rules in without_exclusions(), events in any_events()
    ) {
        let of = |order| {
            let step_windows = Vec::new();
            best(&FunnelRules { order, step_windows, ..rules.clone() }, &events)
        };
        prop_assert!(of(Order::Strict) <= of(Order::Ordered));
        prop_assert!(of(Order::Ordered) <= of(Order::Any));
    }

    #[test]
    fn a_wider_window_never_lowers_a_count(
        rules in without_exclusions(), events in any_events(), more in 0_i64..9
    ) {
        let wider = FunnelRules {
            window: rules.window.map(|window| window + TimeDelta::seconds(more)),
            ..rules.clone()
        };
        prop_assert!(best(&rules, &events) <= best(&wider, &events));
        let endless = FunnelRules { window: None, ..wider.clone() };
        prop_assert!(best(&wider, &events) <= best(&endless, &events));
    }

    #[test]
    fn a_filter_never_raises_a_count(
        rules in without_exclusions(), events in any_events(), kept in proptest::collection::vec(0_u32..16, 6)
    ) {
        let mut filtered = events.clone();
        filtered.iter_mut().zip(kept).for_each(|(event, kept)| event.steps &= kept);
        prop_assert!(best(&rules, &filtered) <= best(&rules, &events));
    }

    #[test]
    fn an_exclusion_never_raises_a_count(rules in any_rules(), events in any_events()) {
        let without = FunnelRules { exclusions: Vec::new(), ..rules.clone() };
        prop_assert!(best(&rules, &events) <= best(&without, &events));
    }

    #[test]
    fn arrival_and_repetition_change_nothing(
        rules in any_rules(), events in any_events(), by in 0_usize..12, total: bool
    ) {
        let counting = if total { Counting::Total } else { Counting::Unique };
        let funnel = Funnel::new(FunnelRules { counting, ..rules }).unwrap();
        let mut other = events.clone();
        other.extend(events.clone());
        let length = other.len().max(1);
        other.rotate_left(by % length);
        other.reverse();
        let (events, other) = (UnitEvents::new(events), UnitEvents::new(other));
        prop_assert_eq!(funnel.attempts(&events), funnel.attempts(&other));
    }

    #[test]
    fn counts_never_rise_and_values_add_up(
        rules in any_rules(), units in proptest::collection::vec(any_events(), 0..12), last: bool
    ) {
        let funnel = Funnel::new(rules).unwrap();
        let attribution = Some(if last { Attribution::Last } else { Attribution::First });
        let mut tally = Tally::new(&funnel, TallyRules { attribution, ..tally_rules() });
        for (key, events) in units.into_iter().enumerate() {
            tally.note(&funnel, &key, &UnitEvents::new(events), false);
        }
        let entered: Vec<i64> = tally.steps().iter().map(|step| step.entered).collect();
        prop_assert!(entered.is_sorted_by(|a, b| a >= b));
        for limit in [0, 1, 10] {
            let rows = tally.breakdown(limit);
            for (step, entered) in entered.iter().enumerate() {
                prop_assert_eq!(rows.iter().map(|row| row.entered[step]).sum::<i64>(), *entered);
            }
        }
        prop_assert_eq!(&tally.trend()[0].entered, &entered);
    }
}
