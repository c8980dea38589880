//! Cohorts of visitors told apart by a value.

use std::collections::BTreeMap;

use super::super::known_visit::{KnownVisit, Milestone, Reached, first_reached, largest, reached};
use super::{CohortRules, Cohorts};

/// Whose return to what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    /// What starts.
    pub start: Milestone,
    /// What counts as return.
    pub returning: Milestone,
    /// Whether a visitor is in the cohort of each period with a start, not only in that of the first
    /// start of all.
    pub recurring: bool,
}

/// Cohorts by the value of the visit with the start. What is kept are counts alone.
#[derive(Debug, Clone)]
pub struct SegmentedCohorts {
    asked: Returning,
    none: Cohorts,
    segments: BTreeMap<String, Cohorts>,
}

impl SegmentedCohorts {
    /// Cohorts without visitors.
    #[must_use]
    pub fn new(rules: CohortRules, asked: Returning) -> Self {
        Self { asked, none: Cohorts::new(rules), segments: BTreeMap::new() }
    }

    /// Notes a visitor by all of its visits, in their order.
    pub fn note(&mut self, visits: &[KnownVisit]) {
        for (start, visit) in self.starts(visits) {
            let none = || self.none.clone();
            let cohorts = self.segments.entry(visit.value.clone()).or_insert_with(none);
            cohorts.note_visitor(start, reached(visits, self.asked.returning).map(|(at, _)| at));
        }
    }

    fn starts<'a>(&self, visits: &'a [KnownVisit]) -> Vec<Reached<'a>> {
        let (start, period) = (self.asked.start, self.none.rules.period);
        if !self.asked.recurring {
            return first_reached(visits, start, period).into_iter().collect();
        }
        let mut starts: Vec<Reached<'_>> = reached(visits, start)
            .filter(|(at, _)| (period.from..period.to).contains(at))
            .collect();
        starts.sort_by_key(|(at, _)| *at);
        starts.dedup_by_key(|(at, _)| self.none.index(*at));
        starts
    }

    /// The cohorts of everybody, and by value those of the largest segments and of all others together.
    #[must_use]
    pub fn finish(self) -> (Cohorts, BTreeMap<String, Cohorts>) {
        let mut all = self.none;
        for segment in self.segments.values() {
            all.add(segment);
        }
        (all, largest(self.segments, Cohorts::visitors, Cohorts::add))
    }
}

#[cfg(test)]
mod tests;
