//! How long each class of records is kept (definitions b17).

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Utc};

/// Events, sessions, visits and what was configured.
const RAW: TimeDelta = TimeDelta::days(400);

/// Where inside an element a click was.
const POINTS: TimeDelta = TimeDelta::days(30);

/// Events that were refused or could not be stored, and requests that went past the queue.
const FAILED: TimeDelta = TimeDelta::days(30);

/// Runs of jobs.
const OPERATIONS: TimeDelta = TimeDelta::days(90);

/// What is added up of events, and reports: five years.
const AGGREGATES: Months = Months::new(60);

/// The instants before which each class of records goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// Of events, sessions and visits: the beginning of a month in UTC, since events go by month.
    pub raw: DateTime<Utc>,
    /// Of the places of clicks: the beginning of a day in UTC.
    pub points: DateTime<Utc>,
    /// Of failed events and of requests that went past the queue.
    pub failed: DateTime<Utc>,
    /// Of what the system notes of itself: runs of jobs, recordings, messages.
    pub operations: DateTime<Utc>,
    /// Of roll-ups and stored reports.
    pub aggregates: DateTime<Utc>,
}

impl Cutoffs {
    /// The cut-offs at an instant.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        let day = (now - RAW).date_naive();
        let month = day.with_day(1).unwrap_or(day);
        Self {
            raw: month.and_time(NaiveTime::MIN).and_utc(),
            points: (now - POINTS).date_naive().and_time(NaiveTime::MIN).and_utc(),
            failed: now - FAILED,
            operations: now - OPERATIONS,
            aggregates: now.checked_sub_months(AGGREGATES).unwrap_or(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_go_once_their_whole_month_is_older_than_400_days() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 400 days before 5 January 2026 is 1 December 2024.
        assert_eq!(Cutoffs::at(at("2026-01-05T00:00:00Z")).raw, at("2024-12-01T00:00:00Z"));
        assert_eq!(Cutoffs::at(at("2026-01-04T23:59:59Z")).raw, at("2024-11-01T00:00:00Z"));
        let cutoffs = Cutoffs::at(at("2028-02-29T12:00:00Z"));
        assert_eq!(cutoffs.aggregates, at("2023-02-28T12:00:00Z"));
        assert_eq!(cutoffs.points, at("2028-01-30T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn nothing_goes_early_and_no_cutoff_ever_moves_back(
            second in 1_600_000_000_i64..4_000_000_000, later in 0_i64..100_000_000
        ) {
            let now = DateTime::from_timestamp(second, 0).unwrap();
            let (earlier, later) = (Cutoffs::at(now), Cutoffs::at(now + TimeDelta::seconds(later)));
            prop_assert!(earlier.raw <= now - RAW && earlier.raw > now - RAW - TimeDelta::days(31));
            prop_assert_eq!((earlier.raw.day(), earlier.raw.time()), (1, NaiveTime::MIN));
            prop_assert!(earlier.points <= now - POINTS);
            prop_assert!(earlier.raw <= later.raw && earlier.points <= later.points);
            prop_assert!(earlier.failed <= later.failed && earlier.aggregates <= later.aggregates);
        }
    }
}
