//! When a message that was not taken is sent again: after a minute, then after twice as long each time,
//! up to an hour, for a day.
//!
//! Half of each wait is fixed and half depends on the message, so that messages that failed together do
//! not come back together ("equal jitter": Brooker, Exponential Backoff and Jitter, AWS Architecture
//! Blog, 2015).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// The first wait.
const FIRST: TimeDelta = TimeDelta::minutes(1);

/// The longest wait.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// A message is given up this long after it was made.
pub const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// When a message made at `made_at` is sent again after `attempts` failed, the last of them at `now`;
/// nothing where it is given up.
#[must_use]
pub fn retry_at(
    id: Uuid,
    made_at: DateTime<Utc>,
    attempts: u32,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if now - made_at >= GIVEN_UP_AFTER {
        return None;
    }
    let doublings = attempts.saturating_sub(1).min(16);
    let wait = (FIRST * 2_i32.pow(doublings)).min(LONGEST);
    let share = share(id, attempts);
    let fixed = wait / 2;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most half an hour"
    )]
    let rest = TimeDelta::milliseconds((fixed.num_milliseconds() as f64 * share) as i64);
    Some(now + fixed + rest)
}

/// A number from 0 to 1 out of the random part of an id, another for each attempt.
fn share(id: Uuid, attempts: u32) -> f64 {
    let bits = id.as_u128().rotate_right(attempts % 4 * 8) & 0xffff;
    u16::try_from(bits).map_or(0.0, |bits| f64::from(bits) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MADE: DateTime<Utc> = DateTime::from_timestamp(1_795_000_000, 0).unwrap();

    #[test]
    fn waits_double_up_to_an_hour() {
        for (attempts, longest_s) in [(1, 60), (2, 120), (3, 240), (7, 3600), (40, 3600)] {
            let at = retry_at(Uuid::max(), MADE, attempts, MADE).unwrap();
            assert_eq!((at - MADE).num_seconds(), longest_s, "{attempts}");
            let at = retry_at(Uuid::nil(), MADE, attempts, MADE).unwrap();
            assert_eq!((at - MADE).num_seconds(), longest_s / 2, "{attempts}");
        }
    }

    #[test]
    fn after_a_day_a_message_is_given_up() {
        assert!(retry_at(Uuid::nil(), MADE, 9, MADE + TimeDelta::hours(23)).is_some());
        assert_eq!(retry_at(Uuid::nil(), MADE, 9, MADE + TimeDelta::hours(24)), None);
    }

    proptest! {
        #[test]
        fn a_message_is_tried_a_bounded_number_of_times(id: u128) {
            let id = Uuid::from_u128(id);
            let (mut now, mut attempts) = (MADE, 0);
            loop {
                attempts += 1;
                let Some(next) = retry_at(id, MADE, attempts, now) else { break };
                prop_assert!(next - now >= TimeDelta::seconds(30));
                prop_assert!(next - now <= TimeDelta::hours(1));
                now = next;
            }
            prop_assert!((27..=60).contains(&attempts), "{attempts}");
        }
    }
}
