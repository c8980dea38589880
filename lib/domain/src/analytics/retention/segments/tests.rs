//! Segments against a count that asks every visitor about every cell.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::analytics::known_visit::tests::{any_visitors, at, first_value_of};
use crate::analytics::{Counting, Criterion, Interval, OTHER, Period, Zone};

fn rules(counting: Counting, criterion: Criterion) -> CohortRules {
    CohortRules {
        period: Period { from: at("2026-09-14T00:00:00Z"), to: at("2026-10-12T00:00:00Z") },
        interval: Interval::Week,
        zone: Zone::UTC,
        criterion,
        counting,
        offsets: 5,
    }
}

/// The starts of a visitor: of the weeks of the range that have one, or of the first of them, unless
/// there was one before.
fn starts(visits: &[KnownVisit], rules: CohortRules, asked: Returning) -> Vec<DateTime<Utc>> {
    let Period { from, to } = rules.period;
    let all: BTreeSet<_> = visits.iter().filter_map(|visit| visit.at(asked.start)).collect();
    let weeks = (0..4).filter_map(|week| {
        let start = from + TimeDelta::weeks(week);
        all.range(start..to.min(start + TimeDelta::weeks(1))).next().copied()
    });
    match (asked.recurring, all.range(..from).next()) {
        (true, _) => weeks.collect(),
        (false, Some(_)) => Vec::new(),
        (false, None) => weeks.take(1).collect(),
    }
}

/// How many periods after a start a return is.
fn after(rules: CohortRules, start: DateTime<Utc>, at: DateTime<Utc>) -> i64 {
    let week = |at: DateTime<Utc>| (at - rules.period.from).num_days().div_euclid(7);
    match rules.counting {
        Counting::Calendar => week(at) - week(start),
        Counting::Rolling => (at - start).num_days(),
    }
}

/// Sizes of cohorts, and who returned by cohort and period.
fn counts(cohorts: &Cohorts) -> Vec<(i64, Vec<i64>)> {
    let table = cohorts.table(at("2030-01-01T00:00:00Z"));
    let cells = |cells: Vec<super::super::Cell>| {
        cells.into_iter().filter_map(|cell| cell.retained).map(|rate| rate.num).collect()
    };
    table.cohorts.into_iter().map(|cohort| (cohort.size, cells(cohort.cells))).collect()
}

fn expected(
    visitors: &[Vec<KnownVisit>],
    rules: CohortRules,
    asked: Returning,
    value: Option<&str>,
) -> Vec<(i64, Vec<i64>)> {
    let members: Vec<(i64, DateTime<Utc>, &Vec<KnownVisit>)> = visitors
        .iter()
        .flat_map(|visits| starts(visits, rules, asked).into_iter().map(move |at| (at, visits)))
        .filter(|(at, visits)| {
            value.is_none_or(|value| value == first_value_of(visits, asked.start, *at))
        })
        .map(|(at, visits)| ((at - rules.period.from).num_days() / 7, at, visits))
        .collect();
    let returned = |start: DateTime<Utc>, visits: &[KnownVisit], offset: i64| {
        let returns = visits.iter().filter_map(|visit| visit.at(asked.returning));
        returns.filter(|at| *at >= start).map(|at| after(rules, start, at)).any(|after| {
            after == offset || rules.criterion == Criterion::OnOrAfter && after > offset
        })
    };
    let cohort = |week: i64| {
        let of_week = || members.iter().filter(move |(of, _, _)| *of == week);
        let cell = |offset: i64| {
            of_week().filter(|(_, start, visits)| returned(*start, visits, offset)).count()
        };
        let number = |count: usize| i64::try_from(count).unwrap();
        (number(of_week().count()), (0..=5).map(|offset| number(cell(offset))).collect())
    };
    (0..4).map(cohort).collect()
}

fn any_milestone() -> impl Strategy<Value = Milestone> {
    prop::sample::select(vec![Milestone::Visit, Milestone::Configuration, Milestone::Cart])
}

proptest! {
    #[test]
    fn cohorts_are_what_a_count_of_each_cell_finds(
        visitors in any_visitors(3),
        start in any_milestone(), returning in any_milestone(), recurring in any::<bool>(),
        rolling in any::<bool>(), later in any::<bool>(),
    ) {
        let rules = rules(
            if rolling { Counting::Rolling } else { Counting::Calendar },
            if later { Criterion::OnOrAfter } else { Criterion::On },
        );
        let asked = Returning { start, returning, recurring };
        let mut cohorts = SegmentedCohorts::new(rules, asked);
        for visits in &visitors {
            cohorts.note(visits);
        }
        let (all, segments) = cohorts.finish();
        prop_assert_eq!(counts(&all), expected(&visitors, rules, asked, None));
        for (value, segment) in segments {
            prop_assert_eq!(counts(&segment), expected(&visitors, rules, asked, Some(&value)));
        }
    }

    #[test]
    fn small_segments_are_added_up(visitors in any_visitors(12)) {
        let rules = rules(Counting::Calendar, Criterion::On);
        let asked =
            Returning { start: Milestone::Visit, returning: Milestone::Cart, recurring: true };
        let mut cohorts = SegmentedCohorts::new(rules, asked);
        for visits in &visitors {
            cohorts.note(visits);
        }
        let (all, segments) = cohorts.finish();
        let listed = segments.iter().filter(|(value, _)| *value != OTHER);
        prop_assert!(listed.count() <= 6);
        let mut sum = Cohorts::new(rules);
        for segment in segments.values() {
            sum.add(segment);
        }
        prop_assert_eq!(counts(&sum), counts(&all));
    }
}
