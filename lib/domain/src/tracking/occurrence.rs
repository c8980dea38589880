//! When an event happened, told from three clocks of which only ours is trusted.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Events older than this on arrival are kept but marked late.
pub const LATE_AFTER: TimeDelta = TimeDelta::days(7);

/// What the client said about time when it sent an event.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SendTimes {
    /// The client's clock when the event happened.
    pub client_ts: Option<DateTime<Utc>>,
    /// The client's clock at this attempt to send.
    pub sent_at: Option<DateTime<Utc>>,
    /// Time between event and sending by the client's monotonic clock: preferred, since no step
    /// of a wall clock touches it.
    pub age: Option<TimeDelta>,
}

/// The moment that an event is placed at, and whether it came too late for live numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// `received_at - (sent_at - client_ts)`, never after the arrival.
    pub at: DateTime<Utc>,
    /// Older than [`LATE_AFTER`] on arrival.
    pub late: bool,
}

impl Occurrence {
    /// Derives the moment from what the client said (definitions b0.1, Snowplow's
    /// `derived_tstamp`).
    ///
    /// Without a time of sending a client's clock cannot be corrected, so its `client_ts` counts
    /// as it is, but never later than the arrival. Without any time the event happened now.
    ///
    /// Whole microseconds: finer ones would be cut off in stamps and rounded by PostgreSQL, and two
    /// events could follow one another differently here and there.
    #[must_use]
    pub fn derive(received_at: DateTime<Utc>, times: SendTimes) -> Self {
        let age = match times {
            SendTimes { age: Some(age), .. } => age,
            SendTimes { client_ts: Some(client_ts), sent_at, .. } => {
                sent_at.unwrap_or(received_at) - client_ts
            }
            SendTimes { client_ts: None, .. } => TimeDelta::zero(),
        };
        let age = age.max(TimeDelta::zero());
        let at = received_at.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH);
        let at = at.max(DateTime::UNIX_EPOCH).trunc_subsecs(6);
        Self { at, late: age > LATE_AFTER }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    fn times(client: Option<i64>, sent: Option<i64>, age: Option<i64>) -> SendTimes {
        SendTimes {
            client_ts: client.map(at),
            sent_at: sent.map(at),
            age: age.map(TimeDelta::milliseconds),
        }
    }

    const NOW: i64 = 1_795_295_771_438;
    const DAY: i64 = 86_400_000;

    #[test]
    fn a_moment_is_one_that_every_store_keeps_as_it_is() {
        let received = at(NOW) + TimeDelta::nanoseconds(1_999);
        let moment = Occurrence::derive(received, times(None, None, None)).at;
        assert_eq!(moment, at(NOW) + TimeDelta::microseconds(1));
    }

    #[test]
    fn the_client_clock_is_corrected_by_its_error_at_sending() {
        let an_hour_wrong = times(Some(NOW - 3_600_000 - 500), Some(NOW - 3_600_000), None);
        assert_eq!(Occurrence::derive(at(NOW), an_hour_wrong).at, at(NOW - 500));
    }

    #[test]
    fn a_monotonic_age_is_preferred_to_the_wall_clock() {
        let both = times(Some(0), Some(NOW), Some(70));
        assert_eq!(Occurrence::derive(at(NOW), both).at, at(NOW - 70));
    }

    #[test]
    fn sending_before_happening_counts_as_no_delay() {
        let backwards = times(Some(NOW + 9000), Some(NOW), None);
        assert_eq!(Occurrence::derive(at(NOW), backwards).at, at(NOW));
    }

    #[test]
    fn a_client_time_without_a_sending_time_never_lies_in_the_future() {
        assert_eq!(Occurrence::derive(at(NOW), times(Some(NOW + 5), None, None)).at, at(NOW));
        assert_eq!(Occurrence::derive(at(NOW), times(Some(NOW - 5), None, None)).at, at(NOW - 5));
    }

    #[test]
    fn seven_days_are_in_time_and_a_millisecond_more_is_late() {
        assert!(!Occurrence::derive(at(NOW), times(None, None, Some(7 * DAY))).late);
        assert!(Occurrence::derive(at(NOW), times(None, None, Some(7 * DAY + 1))).late);
    }

    proptest! {
        #[test]
        fn no_clock_moves_an_event_after_its_arrival(
            client in proptest::option::of(0_i64..8_000_000_000_000),
            sent in proptest::option::of(0_i64..8_000_000_000_000),
            age in proptest::option::of(-9_000_000_000_000_i64..9_000_000_000_000),
        ) {
            let occurrence = Occurrence::derive(at(NOW), times(client, sent, age));
            prop_assert!(occurrence.at <= at(NOW));
            prop_assert!(occurrence.at >= DateTime::UNIX_EPOCH);
        }
    }
}
