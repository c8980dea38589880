//! The half-open range of time that a report covers.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The ranges that a report can be asked for by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeRange {
    /// The last day.
    #[serde(rename = "24h")]
    OneDay,
    /// The last seven days.
    #[default]
    #[serde(rename = "7d")]
    SevenDays,
    /// The last thirty days.
    #[serde(rename = "30d")]
    ThirtyDays,
    /// The last ninety days.
    #[serde(rename = "90d")]
    NinetyDays,
}

impl TimeRange {
    /// Every range.
    pub const ALL: [Self; 4] = [Self::OneDay, Self::SevenDays, Self::ThirtyDays, Self::NinetyDays];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneDay => "24h",
            Self::SevenDays => "7d",
            Self::ThirtyDays => "30d",
            Self::NinetyDays => "90d",
        }
    }

    /// The range of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.as_str() == name)
    }

    /// How long the range is.
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::OneDay => TimeDelta::days(1),
            Self::SevenDays => TimeDelta::days(7),
            Self::ThirtyDays => TimeDelta::days(30),
            Self::NinetyDays => TimeDelta::days(90),
        }
    }
}

/// A half-open range `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First instant inside.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The range of that length that ends now.
    #[must_use]
    pub fn ending(now: DateTime<Utc>, range: TimeRange) -> Self {
        Self { from: now - range.length(), to: now }
    }

    /// The range of the same length right before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { from: self.from - (self.to - self.from), to: self.from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_period_ends_where_this_one_begins() {
        let now = DateTime::from_timestamp(1_795_295_771, 0).unwrap();
        let period = Period::ending(now, TimeRange::ThirtyDays);
        assert_eq!(period.previous().to, period.from);
        assert_eq!(period.from - period.previous().from, TimeDelta::days(30));
    }
}
