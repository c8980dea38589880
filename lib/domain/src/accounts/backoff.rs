//! Waits after wrong passwords and codes, each twice as long as the one before.

use chrono::{DateTime, TimeDelta, Utc};

/// The first wait, in seconds.
const FIRST_WAIT_S: i64 = 30;

/// The longest wait, in seconds.
const WAIT_MAX_S: i64 = 900;

/// How patient the system is with whom or what it counts wrong tries of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wrong try after which the first wait comes.
    free: i32,
    /// How long after the last wait all is forgotten; nothing if only success forgets.
    forgets_after: Option<TimeDelta>,
}

impl Backoff {
    /// For an account: the fifth wrong try makes it wait, and only success forgets.
    pub const OF_ACCOUNT: Self = Self { free: 5, forgets_after: None };

    /// For a network address, which many people may share, across all accounts: the twentieth
    /// wrong try makes it wait, and an hour without one forgets.
    pub const OF_ADDRESS: Self = Self { free: 20, forgets_after: Some(TimeDelta::hours(1)) };

    /// Wrong tries with one more, where the last wait ended at a time.
    #[must_use]
    pub fn counted(self, failures: i32, waited_until: DateTime<Utc>, now: DateTime<Utc>) -> i32 {
        let forgotten = self.forgets_after.is_some_and(|after| now - waited_until >= after);
        if forgotten { 1 } else { failures.saturating_add(1) }
    }

    /// How long to wait after so many wrong tries.
    #[must_use]
    pub fn wait(self, failures: i32) -> TimeDelta {
        let Ok(over) = u32::try_from(failures.saturating_sub(self.free)) else {
            return TimeDelta::zero();
        };
        TimeDelta::seconds((FIRST_WAIT_S << over.min(10)).min(WAIT_MAX_S))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let wait = |failures| Backoff::OF_ACCOUNT.wait(failures).num_seconds();
        let waits = [0, 1, 4, 5, 6, 7, 9, 10, 11, i32::MAX].map(wait);
        assert_eq!(waits, [0, 0, 0, 30, 60, 120, 480, 900, 900, 900]);
        let wait = |failures| Backoff::OF_ADDRESS.wait(failures).num_seconds();
        assert_eq!([19, 20, 21].map(wait), [0, 30, 60]);
    }

    #[test]
    fn an_address_is_forgiven_after_a_quiet_hour_and_an_account_never() {
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let counted =
            |backoff: Backoff, s| backoff.counted(7, until, until + TimeDelta::seconds(s));
        assert_eq!([0, 3599, 3600].map(|s| counted(Backoff::OF_ADDRESS, s)), [8, 8, 1]);
        assert_eq!(counted(Backoff::OF_ACCOUNT, 1_000_000), 8);
    }

    proptest! {
        #[test]
        fn more_wrong_tries_never_wait_less(failures in 0..100_i32) {
            for backoff in [Backoff::OF_ACCOUNT, Backoff::OF_ADDRESS] {
                prop_assert!(backoff.wait(failures) <= backoff.wait(failures + 1));
                prop_assert!(backoff.wait(failures) <= TimeDelta::minutes(15));
            }
        }
    }
}
