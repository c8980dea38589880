//! Visitors made by chance, and what they first came to.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

pub(in crate::analytics) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A visit that came to nothing.
pub(in crate::analytics) fn visit(started_at: &str, value: &str) -> KnownVisit {
    KnownVisit {
        started_at: at(started_at),
        configuration_at: None,
        cart_at: None,
        completed_at: None,
        lead_at: None,
        ordered_at: None,
        value: value.to_owned(),
    }
}

/// The value of the visit that came to something at an instant.
pub(in crate::analytics) fn first_value_of(
    visits: &[KnownVisit],
    milestone: Milestone,
    reached_at: DateTime<Utc>,
) -> &str {
    let found = visits.iter().find(|visit| visit.at(milestone) == Some(reached_at));
    found.map_or("", |visit| visit.value.as_str())
}

/// Visitors with visits in their order, from two weeks before a range of four weeks until five weeks
/// after it, and with one of so many values each.
pub(in crate::analytics) fn any_visitors(
    values: i64,
) -> impl Strategy<Value = Vec<Vec<KnownVisit>>> {
    let minutes = (-14 * 1440_i64..63 * 1440, prop::option::of(0..600_i64));
    let one = (minutes, prop::option::of(0..600_i64), 0..values);
    let one = one.prop_map(|((started, configured), carted, value)| {
        let started_at = at("2026-09-14T00:00:00Z") + TimeDelta::minutes(started);
        let later = |minutes: Option<i64>| minutes.map(|m| started_at + TimeDelta::minutes(m));
        KnownVisit {
            started_at,
            configuration_at: later(configured),
            cart_at: later(carted),
            ..visit("2026-09-14T00:00:00Z", &value.to_string())
        }
    });
    let visits = prop::collection::vec(one, 0..5).prop_map(|mut visits| {
        visits.sort_by_key(|visit| visit.started_at);
        visits
    });
    prop::collection::vec(visits, 0..25)
}

#[test]
fn the_first_time_of_all_must_lie_in_the_period() {
    let period = Period { from: at("2026-09-14T00:00:00Z"), to: at("2026-09-15T00:00:00Z") };
    let visits = ["2026-09-13T23:59:59Z", "2026-09-14T00:00:00Z", "2026-09-15T00:00:00Z"]
        .map(|started_at| visit(started_at, "a"));
    let first = |visits| first_reached(visits, Milestone::Visit, period).map(|(at, _)| at);
    assert_eq!(first(&visits), None);
    assert_eq!(first(&visits[1..]), Some(period.from));
    assert_eq!(first(&visits[2..]), None);
    assert_eq!(first_reached(&visits, Milestone::Cart, period), None);
}

#[test]
fn the_largest_segments_are_kept_and_of_equal_ones_the_first_by_name() {
    let sizes = [("a", 1), ("b", 2), ("c", 1), ("d", 3), ("e", 3), ("f", 3), ("g", 3), ("h", 1)];
    let segments = sizes.map(|(value, size)| (value.to_owned(), size));
    let kept = largest(segments.into(), |size| *size, |all, other| *all += other);
    let kept: Vec<(&str, i64)> = kept.iter().map(|(value, size)| (value.as_str(), *size)).collect();
    assert_eq!(kept, [("(other)", 2), ("a", 1), ("b", 2), ("d", 3), ("e", 3), ("f", 3), ("g", 3)]);
}
