//! The outcomes of all units, folded into the numbers of a report in bounded memory.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::attribution::Attribution;
use super::events::{UnitEvent, UnitEvents};
use super::times::{StepTimes, Times};
use super::{Funnel, Outcome};
use crate::analytics::{Bucket, Rate};

/// Most values that a breakdown counts one by one; units with others are counted together.
const VALUES_MAX: usize = 1_000;

/// Most units that are kept of those that came no further than a step.
const DROPPED_MAX: usize = 100;

/// How outcomes are folded.
#[derive(Debug, Clone)]
pub struct TallyRules {
    /// Attempts that began later than this are incomplete: they have time left.
    pub incomplete_after: DateTime<Utc>,
    /// Whether incomplete attempts are left out.
    pub complete_only: bool,
    /// The series that attempts are counted in by when they began, in order.
    pub buckets: Vec<Bucket>,
    /// What a unit is counted under; nothing where nobody asked for a breakdown.
    pub attribution: Option<Attribution>,
}

/// A unit that came no further than a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedUnit<K> {
    /// Names the unit.
    pub key: K,
    /// When it came to the last of its steps.
    pub at: DateTime<Utc>,
    /// The number of that event.
    pub seq: i64,
}

/// A step of the report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// Attempts that came at least this far.
    pub entered: i64,
    /// Of those that came to the first step.
    pub conversion_rate: Rate,
    /// Of those that came to the step before; of the first step, of itself.
    pub step_conversion_rate: Rate,
    /// Attempts that came to the step before and not to this one.
    pub dropped: i64,
    /// From the step before.
    pub from_previous: StepTimes,
    /// From the first step.
    pub from_start: StepTimes,
}

/// A point of the trend.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendPoint {
    /// The hour, day, week or month.
    pub bucket: Bucket,
    /// Attempts that began in it, by how many came at least to each step.
    pub entered: Vec<i64>,
    /// Those of them that have time left.
    pub incomplete: i64,
}

/// A value of a breakdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakdownRow {
    /// The value; nothing for all that are not counted one by one.
    pub value: Option<String>,
    /// Attempts that came at least to each step.
    pub entered: Vec<i64>,
}

/// Counts of outcomes.
#[derive(Debug, Clone)]
pub struct Tally<K> {
    rules: TallyRules,
    steps: usize,
    entered: Vec<i64>,
    from_previous: Vec<Times>,
    from_start: Vec<Times>,
    dropped: Vec<Vec<DroppedUnit<K>>>,
    trend: Vec<TrendPoint>,
    values: HashMap<String, Vec<i64>>,
    other_values: Vec<i64>,
    unattributed: i64,
    excluded: i64,
    incomplete: Vec<i64>,
}

/// Counts an attempt at each step that it came to.
fn count(counts: &mut [i64], level: usize) {
    counts.iter_mut().take(level).for_each(|count| *count += 1);
}

impl<K: Clone> Tally<K> {
    /// A tally of nothing yet.
    #[must_use]
    pub fn new(funnel: &Funnel, rules: TallyRules) -> Self {
        let steps = funnel.rules().steps;
        let point = |bucket: &Bucket| TrendPoint {
            bucket: *bucket,
            entered: vec![0; steps],
            incomplete: 0,
        };
        Self {
            trend: rules.buckets.iter().map(point).collect(),
            rules,
            steps,
            entered: vec![0; steps],
            from_previous: vec![Times::default(); steps],
            from_start: vec![Times::default(); steps],
            dropped: vec![Vec::new(); steps],
            values: HashMap::new(),
            other_values: vec![0; steps],
            unattributed: 0,
            excluded: 0,
            incomplete: vec![0; steps],
        }
    }

    /// Folds a unit in. One that is still under way is incomplete whenever it began.
    pub fn note(&mut self, funnel: &Funnel, key: &K, events: &UnitEvents, under_way: bool) {
        for outcome in funnel.attempts(events) {
            match outcome {
                Outcome::Excluded => self.excluded += 1,
                Outcome::Reached(places) => self.reach(key, events.as_slice(), &places, under_way),
            }
        }
    }

    fn reach(&mut self, key: &K, events: &[UnitEvent], places: &[usize], under_way: bool) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let (level, began) = (places.len(), events[*first].at);
        let incomplete = under_way || began > self.rules.incomplete_after;
        if incomplete && self.rules.complete_only {
            return;
        }
        if !self.attribute(events, places) {
            return;
        }
        count(&mut self.entered, level);
        if incomplete {
            count(&mut self.incomplete, level);
        }
        self.note_trend(began, level, incomplete);
        for step in 1..level {
            let at = events[places[step]].at;
            self.from_previous[step].note(at - events[places[step - 1]].at);
            self.from_start[step].note(at - began);
        }
        if level < self.steps && self.dropped[level - 1].len() < DROPPED_MAX {
            let UnitEvent { at, seq, .. } = events[*last];
            self.dropped[level - 1].push(DroppedUnit { key: key.clone(), at, seq });
        }
    }

    /// Counts an attempt under its value; false if it has none that counts.
    fn attribute(&mut self, events: &[UnitEvent], places: &[usize]) -> bool {
        let Some(attribution) = self.rules.attribution else { return true };
        let Some(value) = attribution.value(events, places) else {
            self.unattributed += 1;
            return false;
        };
        let level = places.len();
        if let Some(counts) = self.values.get_mut(value) {
            count(counts, level);
        } else if self.values.len() < VALUES_MAX {
            let mut counts = vec![0; self.steps];
            count(&mut counts, level);
            self.values.insert(value.to_owned(), counts);
        } else {
            count(&mut self.other_values, level);
        }
        true
    }

    fn note_trend(&mut self, began: DateTime<Utc>, level: usize, incomplete: bool) {
        let after = self.trend.partition_point(|point| point.bucket.period.from <= began);
        let Some(point) = after.checked_sub(1).and_then(|index| self.trend.get_mut(index)) else {
            return;
        };
        count(&mut point.entered, level);
        point.incomplete += i64::from(incomplete);
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> Vec<StepReport> {
        let step = |index: usize| {
            let entered = self.entered[index];
            let before = self.entered[index.saturating_sub(1)];
            StepReport {
                entered,
                conversion_rate: Rate::new(entered, self.entered[0]),
                step_conversion_rate: Rate::new(entered, before),
                dropped: before - entered,
                from_previous: self.from_previous[index].quantiles(),
                from_start: self.from_start[index].quantiles(),
            }
        };
        (0..self.steps).map(step).collect()
    }

    /// Some of the units that came to a step, counted from 0, and no further.
    #[must_use]
    pub fn dropped(&self, step: usize) -> &[DroppedUnit<K>] {
        &self.dropped[step]
    }

    /// The series by when attempts began.
    #[must_use]
    pub fn trend(&self) -> &[TrendPoint] {
        &self.trend
    }

    /// The values with the most attempts, and all others together, so that they add up to the steps.
    #[must_use]
    pub fn breakdown(&self, limit: usize) -> Vec<BreakdownRow> {
        let mut rows: Vec<(&String, &Vec<i64>)> = self.values.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let mut other = self.other_values.clone();
        for (_, counts) in rows.iter().skip(limit) {
            other.iter_mut().zip(*counts).for_each(|(sum, count)| *sum += count);
        }
        let listed = rows.into_iter().take(limit);
        let mut breakdown: Vec<BreakdownRow> = listed
            .map(|(value, counts)| BreakdownRow {
                value: Some(value.clone()),
                entered: counts.clone(),
            })
            .collect();
        if other[0] > 0 {
            breakdown.push(BreakdownRow { value: None, entered: other });
        }
        breakdown
    }

    /// Attempts that have time left, by how many came at least to each step.
    #[must_use]
    pub fn incomplete(&self) -> &[i64] {
        &self.incomplete
    }

    /// Units that an exclusion left out.
    #[must_use]
    pub const fn excluded(&self) -> i64 {
        self.excluded
    }

    /// Attempts that the breakdown left out.
    #[must_use]
    pub const fn unattributed(&self) -> i64 {
        self.unattributed
    }
}
