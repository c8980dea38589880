//! Waiting by hand, and against a search of every pair of visits.

use proptest::prelude::*;

use super::*;
use crate::analytics::known_visit::tests::{any_visitors, at, first_value_of, visit};

fn wait(origin: Milestone, event: Milestone, again: bool) -> Wait {
    let period = Period { from: at("2026-09-14T00:00:00Z"), to: at("2026-10-12T00:00:00Z") };
    Wait { origin, event, again, period, until: at("2026-11-01T00:00:00Z") }
}

fn watched(visits: &[KnownVisit], wait: Wait) -> Vec<Watched> {
    let mut waiting = Waiting::new(wait);
    waiting.note(visits);
    waiting.segments().into_values().flatten().collect()
}

#[test]
fn who_is_still_waiting_was_watched_until_the_end() {
    let visits = [visit("2026-10-11T12:30:00Z", "a")];
    let to_order = wait(Milestone::Visit, Milestone::Order, false);
    let hours = 20 * 24 + 11;
    assert_eq!(watched(&visits, to_order), [Watched { time: hours, happened: false, subjects: 1 }]);
}

#[test]
fn what_comes_again_comes_in_a_later_visit() {
    let configuring = |text| KnownVisit { configuration_at: Some(at(text)), ..visit(text, "a") };
    let visits = [configuring("2026-09-20T10:00:00Z"), configuring("2026-09-21T11:59:59Z")];
    let again = wait(Milestone::Configuration, Milestone::Configuration, true);
    assert_eq!(watched(&visits, again), [Watched { time: 25, happened: true, subjects: 1 }]);
    assert!(!watched(&visits[..1], again)[0].happened);
}

#[test]
fn who_began_before_the_range_is_not_watched() {
    let visits = [visit("2026-09-01T10:00:00Z", "a"), visit("2026-09-20T10:00:00Z", "a")];
    assert_eq!(watched(&visits, wait(Milestone::Visit, Milestone::Order, false)), []);
}

/// What is watched of a visitor: the value, hours, and whether it happened.
fn expected(visits: &[KnownVisit], wait: Wait) -> Option<(String, i64, bool)> {
    let origins = || visits.iter().filter_map(|visit| visit.at(wait.origin));
    let origin = origins().min()?;
    if origin < wait.period.from || origin >= wait.period.to {
        return None;
    }
    let first = visits.iter().find(|visit| visit.at(wait.origin) == Some(origin))?;
    let mut found = None;
    for later in visits {
        let Some(at) = later.at(wait.event) else { continue };
        let counts = !wait.again || later.started_at > first.started_at;
        let sooner = found.is_none_or(|found| at < found);
        if counts && at >= origin && at < wait.until && sooner {
            found = Some(at);
        }
    }
    let hours = (found.unwrap_or(wait.until) - origin).num_seconds().div_euclid(3600);
    Some((first_value_of(visits, wait.origin, origin).to_owned(), hours.max(0), found.is_some()))
}

proptest! {
    #[test]
    fn waiting_is_what_a_search_of_all_pairs_finds(
        visitors in any_visitors(3), configuring in any::<bool>(), again in any::<bool>()
    ) {
        let origin = if configuring { Milestone::Configuration } else { Milestone::Visit };
        let wait = wait(origin, Milestone::Configuration, again);
        let mut waiting = Waiting::new(wait);
        for visits in &visitors {
            waiting.note(visits);
        }
        let mut found: Vec<_> = waiting.segments().into_iter().flat_map(|(value, watched)| {
            let one = move |one: Watched| (0..one.subjects).map(move |_| (one.time, one.happened));
            watched.into_iter().flat_map(one).map(move |(time, happened)| (value.clone(), time, happened))
        }).collect();
        let mut expected: Vec<_> =
            visitors.iter().filter_map(|visits| expected(visits, wait)).collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}
