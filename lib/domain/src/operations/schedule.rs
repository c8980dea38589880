//! A job's schedule in the five fields of cron, in UTC.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;

/// Most missed runs that are counted.
const MISSED_MAX: usize = 10_000;

/// When a job is due.
#[derive(Debug, Clone)]
pub struct Schedule(Cron);

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no schedule: minute, hour, day of month, month and day of week, as cron reads them"
)]
pub struct BadSchedule(String);

impl FromStr for Schedule {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        let bad = || BadSchedule(text.to_owned());
        if text.split_ascii_whitespace().count() != 5 {
            return Err(bad());
        }
        Cron::from_str(text).map(Self).map_err(|_| bad())
    }
}

impl Schedule {
    /// The first moment after `after` at which the job is due; nothing if there is none.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&after, false).ok()
    }

    /// The last moment up to `now` at which the job was due; nothing if there is none.
    #[must_use]
    pub fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.find_previous_occurrence(&now, true).ok()
    }

    /// Since when the job is overdue: the first moment after its last good run at which it was due, if
    /// that is longer ago than `grace`. A run that begins at the moment it is due is the run of that
    /// moment.
    #[must_use]
    pub fn overdue(
        &self,
        last_good_run: DateTime<Utc>,
        now: DateTime<Utc>,
        grace: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        self.next(last_good_run).filter(|due| now - *due > grace)
    }

    /// How many times the job was due after its last good run, up to ten thousand.
    #[must_use]
    pub fn missed(&self, last_good_run: DateTime<Utc>, now: DateTime<Utc>) -> usize {
        let due = self.0.iter_after(last_good_run);
        due.take_while(|due| *due <= now).take(MISSED_MAX).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCHEDULES: [&str; 5] =
        ["*/2 * * * *", "*/5 * * * *", "7 * * * *", "17 1 * * *", "0 6 * * 1"];

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_job_is_due_as_cron_says() {
        let schedule: Schedule = "0 6 * * 1".parse().unwrap();
        assert_eq!(schedule.next(at("2026-11-29T12:00:00Z")), Some(at("2026-11-30T06:00:00Z")));
        assert_eq!(schedule.last(at("2026-11-29T12:00:00Z")), Some(at("2026-11-23T06:00:00Z")));
        assert_eq!(schedule.last(at("2026-11-30T06:00:00Z")), Some(at("2026-11-30T06:00:00Z")));
    }

    #[test]
    fn what_the_platform_would_not_take_is_no_schedule() {
        for text in ["", "* * * *", "*/5 * * * * *", "61 * * * *", "daily please now and then"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_run_is_missed_once_the_grace_is_over() {
        let schedule: Schedule = "*/5 * * * *".parse().unwrap();
        let (good, grace) = (at("2026-11-29T12:00:01Z"), TimeDelta::minutes(10));
        assert_eq!(schedule.overdue(good, at("2026-11-29T12:15:00Z"), grace), None);
        let due = at("2026-11-29T12:05:00Z");
        assert_eq!(schedule.overdue(good, at("2026-11-29T12:15:01Z"), grace), Some(due));
        assert_eq!(schedule.missed(good, at("2026-11-29T12:15:01Z")), 3);
        assert_eq!(schedule.missed(good, at("2026-11-29T12:04:59Z")), 0);
    }

    proptest! {
        #[test]
        fn whoever_runs_when_due_is_never_overdue(which in 0..SCHEDULES.len(), second in 0..31_536_000_i64) {
            let schedule: Schedule = SCHEDULES[which].parse().unwrap();
            let now = at("2026-01-01T00:00:00Z") + TimeDelta::seconds(second);
            let last = schedule.last(now).unwrap();
            prop_assert!(last <= now && schedule.next(last).unwrap() > now);
            prop_assert_eq!(schedule.overdue(last, now, TimeDelta::zero()), None);
            prop_assert_eq!(schedule.missed(last, now), 0);
        }
    }
}
