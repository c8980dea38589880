//! When optional tracking has to wait: while taking events in is slow.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::analytics::Histogram;

/// How far back times count.
const WINDOW_SECONDS: i64 = 60;

/// Times are kept by parts of the window.
const PART_SECONDS: i64 = 10;

/// Fewer times than this say nothing.
const COUNT_MIN: i64 = 20;

/// For how long optional tracking waits at a time.
pub const PAUSE: TimeDelta = TimeDelta::seconds(60);

/// A pause that ends sooner than this is prolonged while it is needed.
const PROLONG_BEFORE: TimeDelta = TimeDelta::seconds(10);

/// How long this process took to take in the requests of the last minute.
#[derive(Debug, Default)]
pub struct AcceptTimes(BTreeMap<i64, Histogram>);

impl AcceptTimes {
    /// Notes how long a request took.
    pub fn note(&mut self, now: DateTime<Utc>, took: Duration) {
        let part = now.timestamp().div_euclid(PART_SECONDS);
        self.0.entry(part).or_default().note(took.as_secs_f64() * 1000.0);
        let first = part - WINDOW_SECONDS / PART_SECONDS;
        while self.0.first_key_value().is_some_and(|(known, _)| *known <= first) {
            self.0.pop_first();
        }
    }

    /// The 95th percentile of the last minute in milliseconds; nothing if there were too few requests.
    #[must_use]
    pub fn p95_ms(&self, now: DateTime<Utc>) -> Option<f64> {
        let first = now.timestamp().div_euclid(PART_SECONDS) - WINDOW_SECONDS / PART_SECONDS;
        let mut all = Histogram::default();
        for (_, part) in self.0.range(first + 1..) {
            all.merge(part);
        }
        (all.count() >= COUNT_MIN).then(|| all.quantile(0.95)).flatten()
    }

    /// Until when optional tracking has to wait from now on; nothing if nothing changes. A pause ends by
    /// itself: there is no state in which nobody would end it.
    #[must_use]
    pub fn pause(
        &self,
        limit_ms: f64,
        paused_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        // Cheaper than the percentile, and after nearly every request all there is to know.
        let last = self.0.last_key_value().and_then(|(_, part)| part.max());
        let is_slow = last.is_some_and(|slowest| slowest > limit_ms)
            && self.p95_ms(now).is_some_and(|p95| p95 > limit_ms);
        let lasts = paused_until.is_some_and(|until| until - now >= PROLONG_BEFORE);
        (is_slow && !lasts).then(|| now + PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    fn times(times: &[(i64, u64)]) -> AcceptTimes {
        let mut all = AcceptTimes::default();
        for (second, millis) in times {
            all.note(at(*second), Duration::from_millis(*millis));
        }
        all
    }

    #[test]
    fn twenty_slow_requests_pause_and_nineteen_do_not() {
        assert_eq!(times(&[(0, 300); 19]).pause(200.0, None, at(0)), None);
        assert_eq!(times(&[(0, 300); 20]).pause(200.0, None, at(0)), Some(at(60)));
        assert_eq!(times(&[(0, 100); 20]).pause(200.0, None, at(0)), None);
    }

    #[test]
    fn one_slow_request_in_twenty_one_is_within_the_limit() {
        let mut mixed = vec![(0, 5); 20];
        mixed.push((0, 900));
        assert_eq!(times(&mixed).pause(200.0, None, at(0)), None);
    }

    #[test]
    fn a_pause_is_prolonged_while_it_is_slow_and_ends_by_itself() {
        let slow = times(&[(0, 300); 20]);
        assert_eq!(slow.pause(200.0, Some(at(60)), at(5)), None, "it lasts");
        let again = times(&[(50, 300); 20]);
        assert_eq!(again.pause(200.0, Some(at(60)), at(55)), Some(at(115)));
        assert_eq!(again.pause(200.0, Some(at(115)), at(120)), None, "forgotten after a minute");
    }

    proptest! {
        #[test]
        fn only_the_last_minute_counts(millis in proptest::collection::vec((0_i64..600, 1_u64..1000), 0..200)) {
            let mut sorted = millis.clone();
            sorted.sort_unstable();
            let now = sorted.last().map_or(0, |(second, _)| *second);
            let part = |second: i64| at(second).timestamp().div_euclid(PART_SECONDS);
            let recent: Vec<(i64, u64)> =
                sorted.iter().copied().filter(|(second, _)| part(*second) > part(now) - 6).collect();
            prop_assert_eq!(times(&sorted).p95_ms(at(now)), times(&recent).p95_ms(at(now)));
        }
    }
}
