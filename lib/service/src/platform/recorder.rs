//! What a process recorded of its requests and has not handed on yet.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{
    Metric, RECORDED_FOR, Recording, Recordings, SlowOperation, Timings, slot_of,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::measure::Measure;

/// How often a process hands on what it recorded.
const FLUSH_EVERY: TimeDelta = TimeDelta::seconds(10);

/// Slow operations that are kept until then; further ones are not.
const SLOW_MAX: usize = 100;

/// What a process hands on at once. Sent again under the same id it counts once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flush {
    /// Names it.
    pub id: Uuid,
    /// Durations.
    pub recordings: Vec<Recording>,
    /// Operations that took long.
    pub slow: Vec<SlowOperation>,
}

/// The recordings of a process.
#[derive(Default)]
pub struct Recorder(Mutex<State>);

#[derive(Default)]
struct State {
    recordings: Recordings,
    slow: Vec<SlowOperation>,
    /// Sent, and not known to have arrived.
    pending: Option<Flush>,
    flushed_at: Option<DateTime<Utc>>,
}

impl Recorder {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request that was answered.
    pub fn note_request(&self, measure: &Measure, status: u16, took: Duration) {
        let mut response = Timings::default();
        response.note(took.as_secs_f64() * 1e3);
        self.note(measure, i16::try_from(status / 100).unwrap_or(5), &response);
    }

    /// Notes work after an answer, which nobody waited for.
    pub fn note_work(&self, measure: &Measure) {
        self.note(measure, 2, &Timings::default());
    }

    fn note(&self, measure: &Measure, status_class: i16, response: &Timings) {
        let costs = measure.costs();
        let of = (measure.endpoint.as_str(), status_class);
        let mut state = self.state();
        for (metric, timings) in [
            (Metric::ApiResponseTime, response),
            (Metric::DatabaseQueryTime, &costs.queries),
            (Metric::RedisOperationTime, &costs.redis),
        ] {
            state.recordings.add(measure.at, metric, of, timings);
        }
        let room = SLOW_MAX.saturating_sub(state.slow.len());
        state.slow.extend(costs.slow.into_iter().take(room));
    }

    /// Whether it is time to hand on; who is told so has the turn.
    pub fn takes_turn(&self, now: DateTime<Utc>) -> bool {
        let mut state = self.state();
        let is_due = state.flushed_at.is_none_or(|at| now - at >= FLUSH_EVERY || now < at);
        if is_due {
            state.flushed_at = Some(now);
        }
        is_due
    }

    /// What to hand on next: what was sent before and may not have arrived, else all that was recorded
    /// since. What is older than an hour is given up.
    pub fn next_flush(&self, now: DateTime<Utc>) -> Option<Flush> {
        let oldest = slot_of(now) - RECORDED_FOR;
        let mut state = self.state();
        let is_old = |flush: &Flush| flush.recordings.iter().all(|row| row.slot < oldest);
        if state.pending.as_ref().is_some_and(is_old) {
            state.pending = None;
        }
        state.recordings.forget_before(oldest);
        if state.pending.is_none() && !state.recordings.is_empty() {
            let recordings = std::mem::take(&mut state.recordings).into_rows();
            let slow = std::mem::take(&mut state.slow);
            state.pending = Some(Flush { id: Uuid::now_v7(), recordings, slow });
        }
        state.pending.clone()
    }

    /// Notes that it arrived.
    pub fn handed_on(&self, id: Uuid) {
        let mut state = self.state();
        if state.pending.as_ref().is_some_and(|pending| pending.id == id) {
            state.pending = None;
        }
    }
}
