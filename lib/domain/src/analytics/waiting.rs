//! How long visitors take from one thing to another, watched until an instant (definitions b7).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::known_visit::{KnownVisit, Milestone, first_reached, largest, reached};
use super::period::Period;
use super::survival::Watched;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What waiting begins with: the first of all.
    pub origin: Milestone,
    /// What ends it.
    pub event: Milestone,
    /// Whether only a later visit can end it.
    pub again: bool,
    /// When origins count.
    pub period: Period,
    /// When watching ended.
    pub until: DateTime<Utc>,
}

/// For how many hours visitors were watched since their origin, and whether the event came by then, by
/// the value of the visit with the origin.
#[derive(Debug, Clone)]
pub struct Waiting {
    wait: Wait,
    visitors: BTreeMap<String, HashMap<(i64, bool), i64>>,
}

impl Waiting {
    /// Nobody waits.
    #[must_use]
    pub const fn new(wait: Wait) -> Self {
        Self { wait, visitors: BTreeMap::new() }
    }

    /// Notes a visitor by all of its visits.
    pub fn note(&mut self, visits: &[KnownVisit]) {
        let Wait { origin, event, again, period, until } = self.wait;
        let Some((origin_at, first)) = first_reached(visits, origin, period) else { return };
        let event_at = reached(visits, event)
            .filter(|(at, visit)| {
                (origin_at..until).contains(at) && (!again || visit.started_at > first.started_at)
            })
            .map(|(at, _)| at)
            .min();
        let hours = (event_at.unwrap_or(until) - origin_at).num_hours().max(0);
        let segment = self.visitors.entry(first.value.clone()).or_default();
        *segment.entry((hours, event_at.is_some())).or_default() += 1;
    }

    /// The visitors by value: those of the largest segments, and all others together.
    #[must_use]
    pub fn segments(self) -> BTreeMap<String, Vec<Watched>> {
        let watched = |visitors: HashMap<(i64, bool), i64>| {
            let one = |((time, happened), subjects)| Watched { time, happened, subjects };
            visitors.into_iter().map(one).collect::<Vec<_>>()
        };
        let segments = self.visitors.into_iter().map(|(value, all)| (value, watched(all)));
        largest(
            segments.collect(),
            |watched| watched.iter().map(|watched| watched.subjects).sum(),
            |all, other| all.extend(other),
        )
    }
}

#[cfg(test)]
mod tests;
