//! The half-open range of time that a report covers.

use chrono::{DateTime, Months, TimeDelta, Utc};
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

    /// The range that this one is compared with. Where this one is still running, as much of the other
    /// as has passed of this one, so that like is compared with like.
    #[must_use]
    pub fn compared(self, with: Comparison, now: DateTime<Utc>) -> Option<Self> {
        let length = self.to - self.from;
        let weeks = (length.num_seconds() + WEEK_SECONDS - 1) / WEEK_SECONDS;
        let from = match with {
            Comparison::None => return None,
            Comparison::Previous => self.from - length,
            Comparison::PreviousWeekdays => self.from - TimeDelta::weeks(weeks),
            Comparison::Year => self.from.checked_sub_months(Months::new(12))?,
            Comparison::Custom { from } => from,
        };
        let elapsed = (self.to.min(now) - self.from).clamp(TimeDelta::zero(), length);
        Some(Self { from, to: from + elapsed })
    }
}

const WEEK_SECONDS: i64 = 7 * 86_400;

/// What a period is compared with (definitions b14).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Comparison {
    /// The period of the same length right before.
    #[default]
    Previous,
    /// As many whole weeks before as leave no overlap, so that weekdays match.
    PreviousWeekdays,
    /// The same days a year before.
    Year,
    /// A period of the same length from another beginning.
    Custom {
        /// Its first instant.
        from: DateTime<Utc>,
    },
    /// Nothing.
    None,
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

    #[test]
    fn comparisons_keep_length_weekday_or_date() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-25T12:00:00Z");
        let period = Period { from: at("2026-10-26T12:00:00Z"), to: now };
        let from = |with| period.compared(with, now).map(|period| period.from);
        assert_eq!(from(Comparison::Previous), Some(at("2026-09-26T12:00:00Z")));
        assert_eq!(from(Comparison::PreviousWeekdays), Some(at("2026-09-21T12:00:00Z")));
        assert_eq!(from(Comparison::Year), Some(at("2025-10-26T12:00:00Z")));
        assert_eq!(from(Comparison::None), None);
        let other = at("2026-01-01T00:00:00Z");
        assert_eq!(from(Comparison::Custom { from: other }), Some(other));
    }

    #[test]
    fn a_period_that_still_runs_is_compared_with_as_much_of_the_other() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-25T14:10:00Z");
        let today = Period { from: at("2026-11-25T00:00:00Z"), to: at("2026-11-26T00:00:00Z") };
        let yesterday = today.compared(Comparison::Previous, now).unwrap();
        assert_eq!(yesterday.from, at("2026-11-24T00:00:00Z"));
        assert_eq!(yesterday.to, at("2026-11-24T14:10:00Z"));
    }
}
