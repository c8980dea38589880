//! Cohorts by hand, by properties, and against an independent calculation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::analytics::recorded::recorded;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn rules(from: &str, to: &str, offsets: usize) -> CohortRules {
    CohortRules {
        period: Period { from: at(from), to: at(to) },
        interval: Interval::Week,
        zone: Zone::UTC,
        criterion: Criterion::On,
        counting: Counting::Calendar,
        offsets,
    }
}

fn retained(cohort: &Cohort) -> Vec<Option<i64>> {
    cohort.cells.iter().map(|cell| cell.retained.map(|rate| rate.num)).collect()
}

#[test]
fn what_is_not_over_is_not_observed() {
    let mut cohorts = Cohorts::new(rules("2026-11-02T00:00:00Z", "2026-11-16T00:00:00Z", 2));
    cohorts.note_started(at("2026-11-03T10:00:00Z"), 4);
    cohorts.note_returned(at("2026-11-03T10:00:00Z"), at("2026-11-03T10:00:00Z"), 4);
    cohorts.note_returned(at("2026-11-03T10:00:00Z"), at("2026-11-09T00:00:00Z"), 1);
    cohorts.note_started(at("2026-11-15T23:59:59Z"), 2);
    cohorts.note_returned(at("2026-11-15T23:59:59Z"), at("2026-11-15T23:59:59Z"), 2);
    let table = cohorts.table(at("2026-11-16T00:00:00Z"));
    assert_eq!(retained(&table.cohorts[0]), [Some(4), Some(1), None]);
    assert_eq!(retained(&table.cohorts[1]), [Some(2), None, None]);
    assert!(table.cohorts[1].cells[1].incomplete && !table.cohorts[1].cells[0].incomplete);
    assert_eq!((table.mean[0].cohorts, table.mean[1].cohorts, table.mean[2].cohorts), (2, 1, 0));
    assert_eq!((table.mean[0].pooled.num, table.mean[0].pooled.den), (6, 6));
    assert_eq!((table.mean[1].pooled.num, table.mean[1].pooled.den), (1, 4));
    assert_eq!((table.mean[2].pooled.value, table.mean[2].simple), (None, None));
}

#[test]
fn large_cohorts_weigh_more_in_the_pooled_mean_alone() {
    let mut cohorts = Cohorts::new(rules("2026-11-02T00:00:00Z", "2026-11-16T00:00:00Z", 1));
    for (week, size, returned) in [("02", 10, 5), ("09", 30, 3)] {
        let start = at(&format!("2026-11-{week}T12:00:00Z"));
        cohorts.note_started(start, size);
        cohorts.note_returned(start, start + TimeDelta::days(7), returned);
    }
    let mean = cohorts.table(at("2027-01-01T00:00:00Z")).mean[1];
    assert_eq!(mean.pooled.value, Some(0.2));
    assert!((mean.simple.unwrap() - 0.3).abs() < 1e-12);
}

#[test]
fn weeks_are_those_of_the_zone_even_when_the_clock_changes() {
    let vienna = Zone::of_name("Europe/Vienna").unwrap();
    let rules =
        CohortRules { zone: vienna, ..rules("2026-10-18T22:00:00Z", "2026-11-01T23:00:00Z", 1) };
    let mut cohorts = Cohorts::new(rules);
    // Sunday 23:30 by the wall of Vienna, after the clock went back; then Monday 00:00.
    cohorts.note_started(at("2026-10-25T22:30:00Z"), 1);
    cohorts.note_returned(at("2026-10-25T22:30:00Z"), at("2026-10-25T23:00:00Z"), 1);
    let table = cohorts.table(at("2027-01-01T00:00:00Z"));
    assert_eq!(table.cohorts[0].label, "2026-10-19T00:00:00+02:00");
    assert_eq!(table.cohorts[1].label, "2026-10-26T00:00:00+01:00");
    assert_eq!(retained(&table.cohorts[0]), [Some(0), Some(1)]);
}

#[test]
fn days_since_the_start_are_24_hours_each() {
    let rules = CohortRules {
        interval: Interval::Day,
        counting: Counting::Rolling,
        ..rules("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", 2)
    };
    let mut cohorts = Cohorts::new(rules);
    let start = at("2026-11-02T23:00:00Z");
    cohorts.note_started(start, 1);
    cohorts.note_returned(start, at("2026-11-03T22:59:59Z"), 1);
    cohorts.note_returned(start, at("2026-11-03T23:00:00Z"), 1);
    let table = cohorts.table(at("2026-11-05T00:00:00Z"));
    assert_eq!(retained(&table.cohorts[0]), [Some(1), Some(1), None]);
}

#[test]
fn a_later_return_counts_for_all_periods_before_where_asked() {
    let later = CohortRules {
        criterion: Criterion::OnOrAfter,
        ..rules("2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z", 3)
    };
    let mut cohorts = Cohorts::new(later);
    let start = at("2026-11-02T00:00:00Z");
    cohorts.note_started(start, 3);
    for weeks in [0, 2, 9] {
        cohorts.note_returned(start, start + TimeDelta::days(7 * weeks), 1);
    }
    let table = cohorts.table(at("2027-02-01T00:00:00Z"));
    assert_eq!(retained(&table.cohorts[0]), [Some(3), Some(2), Some(2), Some(1)]);
}

/// When each visitor of the recorded shop did something.
fn shop_visitors(packed: File) -> BTreeMap<String, BTreeSet<DateTime<Utc>>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let mut visitors: BTreeMap<String, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let visitor = event["visitorId"].as_str().unwrap().to_owned();
        visitors.entry(visitor).or_default().insert(at(event["timestamp"].as_str().unwrap()));
    }
    visitors
}

#[test]
fn cohorts_of_the_recorded_shop_are_those_of_other_tools() {
    let Some(packed) = recorded("clickstreams/ecom_retentioneering.ndjson.gz") else { return };
    let Some(expected) = recorded("reference/cohorts_weekly.json") else { return };
    let expected: Value = serde_json::from_reader(expected).unwrap();
    let visitors = shop_visitors(packed);
    let times = || visitors.values().flatten();
    let week = |at: &DateTime<Utc>| Interval::Week.start(*at, Zone::UTC);
    let period = Period {
        from: week(times().min().unwrap()),
        to: week(times().max().unwrap()) + TimeDelta::days(7),
    };
    let mut cohorts = Cohorts::new(CohortRules {
        period,
        ..rules("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", 25)
    });
    for times in visitors.values() {
        let start = *times.first().unwrap();
        cohorts.note_started(start, 1);
        for returned in times.iter().map(week).collect::<BTreeSet<_>>() {
            cohorts.note_returned(start, returned.max(start), 1);
        }
    }
    let table = cohorts.table(period.to);
    let mut compared = 0;
    for expected in expected["results"][0]["cohorts"].as_array().unwrap() {
        let start = at(&format!("{}T00:00:00Z", expected["week"].as_str().unwrap()));
        let cohort = table.cohorts.iter().find(|cohort| cohort.start == start).unwrap();
        assert_eq!(Some(cohort.size), expected["size"].as_i64());
        for (cell, expected) in cohort.cells.iter().zip(expected["retained"].as_array().unwrap()) {
            // Past the end of the data they say 0, and we that nobody knows.
            assert_eq!(cell.retained.map_or(0, |rate| rate.num), expected.as_i64().unwrap());
            let past = start + TimeDelta::days(7 * i64::try_from(cell.offset).unwrap());
            assert_eq!(cell.incomplete, past >= period.to);
            compared += 1;
        }
    }
    assert_eq!(compared, 24 * 26);
    let visitors = i64::try_from(visitors.len()).unwrap();
    assert_eq!(table.cohorts.iter().map(|cohort| cohort.size).sum::<i64>(), visitors);
}

proptest! {
    #[test]
    fn cells_and_means_fit_their_cohorts(
        visitors in proptest::collection::vec((0_i64..60, proptest::collection::vec(0_i64..90, 0..5)), 0..40),
        interval in 1_usize..4, rolling in any::<bool>(), later in any::<bool>(), until in 0_i64..200
    ) {
        let first = at("2026-09-14T05:00:00Z");
        let rules = CohortRules {
            interval: Interval::ALL[interval],
            counting: if rolling { Counting::Rolling } else { Counting::Calendar },
            criterion: if later { Criterion::OnOrAfter } else { Criterion::On },
            ..rules("2026-09-14T00:00:00Z", "2026-11-15T00:00:00Z", 8)
        };
        let mut cohorts = Cohorts::new(rules);
        for (day, returns) in &visitors {
            let start = first + TimeDelta::days(*day);
            cohorts.note_started(start, 1);
            let periods: BTreeMap<_, _> = std::iter::once(&0).chain(returns)
                .map(|days| start + TimeDelta::days(*days))
                .map(|at| (cohorts.offset(start, at), at)).collect();
            let counted = if later { 1 } else { periods.len() };
            for returned in periods.values().rev().take(counted) {
                cohorts.note_returned(start, *returned, 1);
            }
        }
        let table = cohorts.table(first + TimeDelta::days(until));
        let all = i64::try_from(visitors.len()).unwrap();
        prop_assert_eq!(table.cohorts.iter().map(|cohort| cohort.size).sum::<i64>(), all);
        for cohort in &table.cohorts {
            for cell in &cohort.cells {
                prop_assert_eq!(cell.retained.is_none(), cell.incomplete);
                if let Some(rate) = cell.retained {
                    prop_assert!((0..=cohort.size).contains(&rate.num));
                    prop_assert!(cell.offset > 0 || rate.num == cohort.size);
                }
            }
            let known = cohort.cells.iter().map_while(|cell| cell.retained);
            let counts: Vec<i64> = known.map(|rate| rate.num).collect();
            prop_assert!(!later || counts.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert_eq!(counts.len(), cohort.cells.iter().filter(|c| !c.incomplete).count());
        }
        for mean in &table.mean {
            let known = table.cohorts.iter().filter_map(|cohort| cohort.cells[mean.offset].retained);
            prop_assert_eq!(mean.pooled.num, known.map(|rate| rate.num).sum::<i64>());
        }
    }
}
