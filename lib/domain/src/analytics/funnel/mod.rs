//! Funnels: how far units come through steps (definitions b2).
//!
//! A unit is a visit, a visitor or a configuration. [`Funnel::attempts`] folds its events into what
//! became of it, [`Tally`] folds the outcomes of all units into the report. Both need memory for one
//! unit and for bounded counts, never for all events.
//!
//! An attempt is a chain of distinct events, one a step. It begins inside the range of entry and takes no
//! longer than the window, which is anchored at its first event and inclusive. A unit counts by the
//! attempt that comes furthest; of several, by the one that finishes first, and of those by the one
//! that begins last.

mod any_order;
mod attribution;
mod events;
mod in_order;
mod matching;
mod tally;
mod times;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod references;
#[cfg(test)]
mod tests;

pub use attribution::{Attribution, NOT_SET};
pub use events::{UnitEvent, UnitEvents};
pub use tally::{BreakdownRow, DroppedUnit, StepReport, Tally, TallyRules, TrendPoint};
pub use times::{StepTimes, Times};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Period;

/// Fewest steps of a funnel.
pub const STEPS_MIN: usize = 2;

/// Most steps of a funnel.
pub const STEPS_MAX: usize = 20;

/// Most exclusions of a funnel.
pub const EXCLUSIONS_MAX: usize = 5;

/// In which order steps count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FunnelOrder))]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// One after the other, with anything in between.
    #[default]
    Ordered,
    /// One after the other, with no other event in between.
    Strict,
    /// In any order.
    Any,
}

/// Whether one event can follow another of the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FunnelTies))]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// By their numbers; where these are equal too, in either order.
    #[default]
    Log,
    /// Never: each step is later than the one before.
    Strict,
}

/// How often a unit counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FunnelCounting))]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Once.
    #[default]
    Unique,
    /// As often as it begins anew after it came through all steps.
    Total,
}

/// An event that makes an attempt void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// After this step, counted from 1.
    pub after: usize,
    /// And before this one.
    pub before: usize,
}

/// What a funnel asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelRules {
    /// How many steps.
    pub steps: usize,
    /// In which order they count.
    pub order: Order,
    /// Whether one can follow another at the same time.
    pub ties: Ties,
    /// How often a unit counts.
    pub counting: Counting,
    /// Longest time from the first step to any other; nothing where the unit itself is the bound.
    pub window: Option<TimeDelta>,
    /// Longest time to each step from the one before, beginning with the second; may be shorter.
    pub step_windows: Vec<Option<TimeDelta>>,
    /// What makes an attempt void, by the number of the event.
    pub exclusions: Vec<Exclusion>,
    /// When the first step of an attempt may be.
    pub entry: Period,
}

/// Why there is no such funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FunnelError {
    /// Too few or too many steps.
    #[error("a funnel has {STEPS_MIN} to {STEPS_MAX} steps")]
    Steps,
    /// A window that lets nothing pass, or more of them than there are steps to come to.
    #[error("a window is longer than nothing, and each step but the first has one at most")]
    Windows,
    /// An exclusion does not lie between two steps.
    #[error(
        "an exclusion is after one step and before a later one, and there are {EXCLUSIONS_MAX} at most"
    )]
    Exclusions,
    /// Exclusions or windows by step where steps have no order.
    #[error("steps in any order have neither exclusions nor windows of their own")]
    Unordered,
}

/// A funnel that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnel(FunnelRules);

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It came as far as an attempt, whose events are given by their places.
    Reached(Vec<usize>),
    /// An exclusion made the attempt void that came furthest.
    Excluded,
}

impl Funnel {
    /// A funnel by these rules.
    pub fn new(rules: FunnelRules) -> Result<Self, FunnelError> {
        let steps = rules.steps;
        let mut windows = rules.window.iter().chain(rules.step_windows.iter().flatten());
        let ranges = rules
            .exclusions
            .iter()
            .all(|e| e.after >= 1 && e.after < e.before && e.before <= steps);
        if !(STEPS_MIN..=STEPS_MAX).contains(&steps) {
            Err(FunnelError::Steps)
        } else if windows.any(|w| *w <= TimeDelta::zero()) || rules.step_windows.len() >= steps {
            Err(FunnelError::Windows)
        } else if !ranges || rules.exclusions.len() > EXCLUSIONS_MAX {
            Err(FunnelError::Exclusions)
        } else if rules.order == Order::Any
            && !(rules.exclusions.is_empty() && rules.step_windows.iter().all(Option::is_none))
        {
            Err(FunnelError::Unordered)
        } else {
            Ok(Self(rules))
        }
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &FunnelRules {
        &self.0
    }

    /// The same funnel, entered at another time.
    #[must_use]
    pub fn entered(&self, entry: Period) -> Self {
        Self(FunnelRules { entry, ..self.0.clone() })
    }

    /// What became of a unit: nothing where it never entered, more than one outcome only where all
    /// attempts are counted.
    #[must_use]
    pub fn attempts(&self, events: &UnitEvents) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut done = 0;
        while let Some(outcome) = self.attempt(&events.as_slice()[done..]) {
            let (outcome, end) = match outcome {
                Outcome::Excluded => (outcome, None),
                Outcome::Reached(places) => {
                    let places: Vec<usize> = places.into_iter().map(|place| place + done).collect();
                    let end = places.iter().max().copied();
                    let complete = places.len() == self.0.steps;
                    (Outcome::Reached(places), end.filter(|_| complete))
                }
            };
            outcomes.push(outcome);
            match (self.0.counting, end) {
                (Counting::Total, Some(end)) => done = end + 1,
                _ => break,
            }
        }
        outcomes
    }

    fn attempt(&self, events: &[UnitEvent]) -> Option<Outcome> {
        match self.0.order {
            Order::Ordered | Order::Strict => in_order::attempt(&self.0, events),
            Order::Any => any_order::attempt(&self.0, events).map(Outcome::Reached),
        }
    }
}
