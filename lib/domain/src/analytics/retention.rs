//! Who comes back: cohorts by the time of a start, and the share that returned after it
//! (definitions b7).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Interval, Zone, buckets};
use super::period::Period;
use super::rate::Rate;

mod segments;

pub use segments::{Returning, SegmentedCohorts};

/// Most periods after the start.
pub const OFFSETS_MAX: usize = 60;

/// The longest interval, in days.
const INTERVAL_DAYS_MAX: i64 = 32;

/// When a visitor counts as returned in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ReturnCriterion))]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// With a return in that period.
    #[default]
    On,
    /// With a return in that period or a later one.
    OnOrAfter,
}

/// How periods after the start are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CohortCounting))]
pub enum Counting {
    /// By the calendar: days, weeks or months.
    #[default]
    #[serde(rename = "calendar")]
    Calendar,
    /// By runs of 24 hours since each visitor's own start.
    #[serde(rename = "24h")]
    Rolling,
}

/// How cohorts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CohortRules {
    /// When starts count.
    pub period: Period,
    /// What makes a cohort.
    pub interval: Interval,
    /// Where days begin.
    pub zone: Zone,
    /// When a visitor counts as returned.
    pub criterion: Criterion,
    /// How periods after the start are counted.
    pub counting: Counting,
    /// How many periods after the start are shown.
    pub offsets: usize,
}

/// Visitors of a cohort in a period after their start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CohortCell))]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// How many periods after the start.
    pub offset: usize,
    /// Who returned, of the cohort; nothing where that is not known yet.
    pub retained: Option<Rate>,
    /// Whether the period is not over for everybody in the cohort: not yet observed.
    pub incomplete: bool,
}

/// Visitors who started in the same period.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cohort {
    /// When the period begins.
    pub start: DateTime<Utc>,
    /// The same by the clock on the wall.
    pub label: String,
    /// Whether the range cuts the period, so that the cohort lacks visitors.
    pub partial: bool,
    /// How many visitors.
    pub size: i64,
    /// Who returned.
    pub cells: Vec<Cell>,
}

/// What cohorts that are old enough have in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CohortMean))]
#[serde(rename_all = "camelCase")]
pub struct MeanCell {
    /// How many periods after the start.
    pub offset: usize,
    /// Cohorts with visitors in which the period is over for everybody.
    pub cohorts: usize,
    /// Who returned, of all visitors of these cohorts.
    pub pooled: Rate,
    /// The mean of the cohorts' shares, each with the same weight.
    pub simple: Option<f64>,
}

/// Cohorts and who returned.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CohortTable {
    /// By start, the oldest first.
    pub cohorts: Vec<Cohort>,
    /// By periods after the start.
    pub mean: Vec<MeanCell>,
}

/// Counts of cohorts. Its size depends on the numbers of cohorts and periods alone.
#[derive(Debug, Clone)]
pub struct Cohorts {
    rules: CohortRules,
    /// Beginnings of the periods, of cohorts and of those after them.
    starts: Vec<DateTime<Utc>>,
    partial: Vec<bool>,
    sizes: Vec<i64>,
    returned: Vec<Vec<i64>>,
}

impl Cohorts {
    /// Cohorts without visitors.
    #[must_use]
    pub fn new(rules: CohortRules) -> Self {
        let CohortRules { period, interval, zone, .. } = rules;
        let cohorts = buckets(period, interval, zone, period.to);
        let days = i64::try_from(rules.offsets + 2).unwrap_or(i64::MAX) * INTERVAL_DAYS_MAX;
        let through = Period { from: period.from, to: period.to + TimeDelta::days(days) };
        let after = buckets(through, interval, zone, period.to);
        Self {
            rules,
            starts: after.iter().map(|bucket| bucket.start).collect(),
            partial: cohorts.iter().map(|bucket| bucket.partial).collect(),
            sizes: vec![0; cohorts.len()],
            returned: vec![vec![0; rules.offsets + 1]; cohorts.len()],
        }
    }

    /// Beginnings of the periods that cohorts and returns lie in, without gaps.
    #[must_use]
    pub fn starts(&self) -> &[DateTime<Utc>] {
        &self.starts
    }

    /// Notes visitors who started in the period that holds an instant.
    pub fn note_started(&mut self, start: DateTime<Utc>, visitors: i64) {
        let cohort = self.index(start);
        if let Some(size) = cohort.and_then(|cohort| self.sizes.get_mut(cohort)) {
            *size += visitors;
        }
    }

    /// Notes visitors who started and returned in the periods that hold these instants: each visitor
    /// once for each period with a return, or, where later returns count too, once for the latest.
    pub fn note_returned(&mut self, start: DateTime<Utc>, returned: DateTime<Utc>, visitors: i64) {
        if let Some(offset) = self.offset(start, returned) {
            self.count(start, offset, visitors);
        }
    }

    /// Notes a visitor who started at an instant and came back at others; what was before the start is
    /// no return.
    pub fn note_visitor(
        &mut self,
        start: DateTime<Utc>,
        returned: impl Iterator<Item = DateTime<Utc>>,
    ) {
        self.note_started(start, 1);
        let returned = returned.filter(|at| *at >= start);
        let mut offsets: BTreeSet<usize> =
            returned.filter_map(|at| self.offset(start, at)).collect();
        if self.rules.criterion == Criterion::OnOrAfter {
            offsets = offsets.pop_last().into_iter().collect();
        }
        for offset in offsets {
            self.count(start, offset, 1);
        }
    }

    /// Adds the visitors of cohorts by the same rules.
    pub fn add(&mut self, other: &Self) {
        let sizes = self.sizes.iter_mut().zip(&other.sizes);
        let returned = self.returned.iter_mut().flatten().zip(other.returned.iter().flatten());
        for (count, more) in sizes.chain(returned) {
            *count += more;
        }
    }

    /// How many visitors started.
    #[must_use]
    pub fn visitors(&self) -> i64 {
        self.sizes.iter().sum()
    }

    fn count(&mut self, start: DateTime<Utc>, offset: usize, visitors: i64) {
        let cohort = self.index(start);
        let Some(counts) = cohort.and_then(|cohort| self.returned.get_mut(cohort)) else { return };
        let first = match self.rules.criterion {
            Criterion::On => offset,
            Criterion::OnOrAfter => 0,
        };
        for count in counts.iter_mut().take(offset + 1).skip(first) {
            *count += visitors;
        }
    }

    fn index(&self, at: DateTime<Utc>) -> Option<usize> {
        self.starts.partition_point(|start| *start <= at).checked_sub(1)
    }

    fn offset(&self, start: DateTime<Utc>, returned: DateTime<Utc>) -> Option<usize> {
        match self.rules.counting {
            Counting::Calendar => self.index(returned)?.checked_sub(self.index(start)?),
            Counting::Rolling => usize::try_from((returned - start).num_days()).ok(),
        }
    }

    /// When a period after the start is over for everybody in a cohort.
    fn over_at(&self, cohort: usize, offset: usize) -> Option<DateTime<Utc>> {
        match self.rules.counting {
            Counting::Calendar => self.starts.get(cohort + offset + 1).copied(),
            Counting::Rolling => {
                let end = *self.starts.get(cohort + 1)?;
                let days = i64::try_from(offset + 1).ok()?;
                Some(end.min(self.rules.period.to) + TimeDelta::days(days))
            }
        }
    }

    /// The table of what was observed until an instant.
    #[must_use]
    pub fn table(&self, until: DateTime<Utc>) -> CohortTable {
        let cohorts: Vec<Cohort> = self
            .sizes
            .iter()
            .enumerate()
            .map(|(index, size)| self.cohort(index, *size, until))
            .collect();
        let mean = (0..=self.rules.offsets).map(|offset| mean(&cohorts, offset)).collect();
        CohortTable { cohorts, mean }
    }

    fn cohort(&self, index: usize, size: i64, until: DateTime<Utc>) -> Cohort {
        let start = self.starts.get(index).copied().unwrap_or(self.rules.period.from);
        let counts = self.returned.get(index).into_iter().flatten();
        let cells = counts.enumerate().map(|(offset, count)| {
            let over = self.over_at(index, offset).is_some_and(|at| at <= until);
            Cell { offset, retained: over.then(|| Rate::new(*count, size)), incomplete: !over }
        });
        Cohort {
            start,
            label: self.rules.zone.label(start),
            partial: self.partial.get(index).copied().unwrap_or(true),
            size,
            cells: cells.collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "few cohorts")]
fn mean(cohorts: &[Cohort], offset: usize) -> MeanCell {
    let cells = cohorts.iter().filter_map(|cohort| cohort.cells.get(offset)?.retained);
    let known: Vec<Rate> = cells.filter(|rate| rate.den > 0).collect();
    let sum = |part: fn(&Rate) -> i64| known.iter().map(part).sum::<i64>();
    let shares: f64 = known.iter().filter_map(|rate| rate.value).sum();
    MeanCell {
        offset,
        cohorts: known.len(),
        pooled: Rate::new(sum(|rate| rate.num), sum(|rate| rate.den)),
        simple: (!known.is_empty()).then(|| shares / known.len() as f64),
    }
}

#[cfg(test)]
mod tests;
