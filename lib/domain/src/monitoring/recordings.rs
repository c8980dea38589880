//! Recordings: how long requests, queries and Redis operations took, by slot of time, endpoint and class
//! of the answer's status. Those of several processes add up.

use std::collections::HashMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::timings::Timings;

/// How long a slot is.
pub const SLOT: TimeDelta = TimeDelta::minutes(5);

/// How long a process keeps what it cannot hand on.
pub const RECORDED_FOR: TimeDelta = TimeDelta::hours(1);

/// The beginning of the slot that an instant lies in.
#[must_use]
pub fn slot_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(SLOT).unwrap_or(at)
}

/// Whether an endpoint is a job, or work after an answer: nobody waits for those.
#[must_use]
pub fn is_job(endpoint: &str) -> bool {
    endpoint.contains(" /api/cron/") || endpoint.starts_with("WORK ")
}

/// What is measured, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// From a request to its answer, one a request.
    ApiResponseTime,
    /// One a statement.
    DatabaseQueryTime,
    /// One a command or script.
    RedisOperationTime,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 3] =
        [Self::ApiResponseTime, Self::DatabaseQueryTime, Self::RedisOperationTime];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiResponseTime => "api_response_time",
            Self::DatabaseQueryTime => "database_query_time",
            Self::RedisOperationTime => "redis_operation_time",
        }
    }

    /// The metric of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }
}

/// What durations have in common that are recorded together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    slot: DateTime<Utc>,
    metric: Metric,
    endpoint: String,
    status_class: i16,
}

/// Durations of one slot, metric, endpoint and status class, as they are handed on and stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The beginning of the slot.
    pub slot: DateTime<Utc>,
    /// What was measured.
    pub metric: Metric,
    /// Method and path pattern of the endpoint.
    pub endpoint: String,
    /// The first digit of the answer's status.
    pub status_class: i16,
    /// The buckets of [`crate::analytics::Histogram`] that hold something, in their order.
    pub indexes: Vec<i32>,
    /// How many values each has.
    pub counts: Vec<i64>,
    /// The sum of all values in milliseconds.
    pub sum_ms: f64,
}

impl Recording {
    /// The durations.
    #[must_use]
    pub fn timings(&self) -> Timings {
        let mut timings = Timings { sum_ms: self.sum_ms, ..Timings::default() };
        for (index, count) in self.indexes.iter().zip(&self.counts) {
            timings.histogram.add(*index, *count);
        }
        timings
    }
}

/// Recordings of some slots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recordings(HashMap<Key, Timings>);

impl Recordings {
    /// Adds durations of an endpoint in the slot of an instant.
    pub fn add(
        &mut self,
        at: DateTime<Utc>,
        metric: Metric,
        (endpoint, status_class): (&str, i16),
        timings: &Timings,
    ) {
        if timings.count() > 0 {
            let endpoint = endpoint.to_owned();
            let key = Key { slot: slot_of(at), metric, endpoint, status_class };
            self.0.entry(key).or_default().merge(timings);
        }
    }

    /// Adds what another process recorded.
    pub fn merge(&mut self, recording: &Recording) {
        let of = (recording.endpoint.as_str(), recording.status_class);
        self.add(recording.slot, recording.metric, of, &recording.timings());
    }

    /// Forgets slots that began before an instant.
    pub fn forget_before(&mut self, instant: DateTime<Utc>) {
        self.0.retain(|key, _| key.slot >= instant);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they are handed on, by slot, metric, endpoint and status class.
    #[must_use]
    pub fn into_rows(self) -> Vec<Recording> {
        let mut cells: Vec<(Key, Timings)> = self.0.into_iter().collect();
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        cells.into_iter().map(|(key, timings)| row(key, &timings)).collect()
    }
}

fn row(key: Key, timings: &Timings) -> Recording {
    let (indexes, counts) = timings.histogram.buckets().unzip();
    let Key { slot, metric, endpoint, status_class } = key;
    Recording { slot, metric, endpoint, status_class, indexes, counts, sum_ms: timings.sum_ms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    fn timings(ms: f64) -> Timings {
        let mut timings = Timings::default();
        timings.note(ms);
        timings
    }

    #[test]
    fn jobs_are_told_by_their_endpoint() {
        assert!(is_job("GET /api/cron/sync-interactions") && is_job("WORK drain"));
        assert!(!is_job("GET /api/health"));
    }

    #[test]
    fn a_slot_begins_every_five_minutes() {
        let instant: DateTime<Utc> = "2026-11-29T15:59:59.9Z".parse().unwrap();
        assert_eq!(slot_of(instant).to_rfc3339(), "2026-11-29T15:55:00+00:00");
        assert_eq!(slot_of(slot_of(instant)), slot_of(instant));
    }

    #[test]
    fn slots_that_began_too_long_ago_are_forgotten() {
        let mut recordings = Recordings::default();
        for second in [0, 3600] {
            let of = ("GET /api/health", 2);
            recordings.add(at(second), Metric::ApiResponseTime, of, &timings(1.0));
        }
        recordings.forget_before(slot_of(at(3600)));
        assert_eq!(recordings.into_rows().len(), 1);
    }

    /// A duration with all that decides where it is recorded, and which process notes it.
    type Noted = (i64, usize, u8, i16, f64, usize);

    fn noted() -> impl Strategy<Value = Vec<Noted>> {
        let one = (0_i64..2000, 0_usize..3, 0_u8..3, 2_i16..6, 0.0_f64..1e5, 0_usize..4);
        proptest::collection::vec(one, 0..60)
    }

    fn record(recordings: &mut Recordings, (second, metric, endpoint, class, ms, _): &Noted) {
        let endpoint = format!("GET /api/{endpoint}");
        let of = (endpoint.as_str(), *class);
        recordings.add(at(*second), Metric::ALL[*metric], of, &timings(*ms));
    }

    fn without_sums(rows: &[Recording]) -> Vec<Recording> {
        rows.iter().map(|row| Recording { sum_ms: 0.0, ..row.clone() }).collect()
    }

    proptest! {
        /// Sums of fractions depend on their order in the last digits, everything else on nothing.
        #[test]
        fn recordings_of_several_processes_add_up_to_those_of_one(all in noted()) {
            let mut whole = Recordings::default();
            let mut parts = vec![Recordings::default(); 4];
            for one in &all {
                record(&mut whole, one);
                record(&mut parts[one.5], one);
            }
            let mut merged = Recordings::default();
            for part in parts {
                for row in part.into_rows() {
                    let json = serde_json::to_string(&row).unwrap();
                    merged.merge(&serde_json::from_str(&json).unwrap());
                }
            }
            let (whole, merged) = (whole.into_rows(), merged.into_rows());
            prop_assert_eq!(without_sums(&whole), without_sums(&merged));
            for (a, b) in whole.iter().zip(&merged) {
                prop_assert!((a.sum_ms - b.sum_ms).abs() <= 1e-9 * a.sum_ms.max(1.0));
            }
        }
    }
}
