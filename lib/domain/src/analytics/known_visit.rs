//! What known visitors came to over their visits (definitions b7).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::attribution::OTHER;
use super::period::Period;

/// Values that visitors are told apart by, besides all others together.
const SEGMENTS_MAX: usize = 6;

/// What a visit can come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Milestone {
    /// The visit itself.
    #[default]
    Visit,
    /// Something was chosen.
    Configuration,
    /// Something was put into the cart.
    Cart,
    /// A configuration was completed.
    Completion,
    /// An inquiry or an appointment.
    Lead,
    /// A payment that the provider confirmed.
    Order,
}

impl Milestone {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Configuration => "configuration",
            Self::Cart => "cart",
            Self::Completion => "completion",
            Self::Lead => "lead",
            Self::Order => "order",
        }
    }
}

/// A visit of a known visitor, and when it came to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownVisit {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When something was chosen first.
    pub configuration_at: Option<DateTime<Utc>>,
    /// When something was put into the cart first.
    pub cart_at: Option<DateTime<Utc>>,
    /// When a configuration was completed first.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it led to an inquiry or an appointment first.
    pub lead_at: Option<DateTime<Utc>>,
    /// When an order of it was paid first.
    pub ordered_at: Option<DateTime<Utc>>,
    /// What visitors are told apart by.
    pub value: String,
}

impl KnownVisit {
    /// When it came to something; nothing where it did not.
    #[must_use]
    pub const fn at(&self, milestone: Milestone) -> Option<DateTime<Utc>> {
        match milestone {
            Milestone::Visit => Some(self.started_at),
            Milestone::Configuration => self.configuration_at,
            Milestone::Cart => self.cart_at,
            Milestone::Completion => self.completed_at,
            Milestone::Lead => self.lead_at,
            Milestone::Order => self.ordered_at,
        }
    }
}

/// When a visitor came to something, and by which visit.
pub(super) type Reached<'a> = (DateTime<Utc>, &'a KnownVisit);

/// All times at which a visitor came to something.
pub(super) fn reached(
    visits: &[KnownVisit],
    milestone: Milestone,
) -> impl Iterator<Item = Reached<'_>> {
    visits.iter().filter_map(move |visit| Some((visit.at(milestone)?, visit)))
}

/// The first time of all at which a visitor came to something, if that lies in a period.
pub(super) fn first_reached(
    visits: &[KnownVisit],
    milestone: Milestone,
    period: Period,
) -> Option<Reached<'_>> {
    let first = reached(visits, milestone).min_by_key(|(at, _)| *at);
    first.filter(|(at, _)| (period.from..period.to).contains(at))
}

/// Keeps the largest segments, and adds up all others.
pub(super) fn largest<T>(
    segments: BTreeMap<String, T>,
    size: impl Fn(&T) -> i64,
    add: impl Fn(&mut T, &T),
) -> BTreeMap<String, T> {
    let mut ranked: Vec<(String, T)> = segments.into_iter().collect();
    ranked.sort_by_key(|(_, segment)| Reverse(size(segment)));
    let others = ranked.split_off(ranked.len().min(SEGMENTS_MAX));
    let mut kept: BTreeMap<String, T> = ranked.into_iter().collect();
    for (_, other) in others {
        kept.entry(OTHER.to_owned()).and_modify(|all| add(all, &other)).or_insert(other);
    }
    kept
}

#[cfg(test)]
pub(super) mod tests;
