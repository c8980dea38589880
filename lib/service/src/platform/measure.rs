//! What a request costs: its statements and Redis operations, noted for whichever request the running
//! task belongs to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{Metric, SlowOperation, Timings, TraceContext, brief};

/// Slow operations of one request that are kept.
const SLOW_MAX: usize = 20;

tokio::task_local! {
    static RUNNING: Arc<Measure>;
}

/// A request, or work after an answer, while it runs.
pub struct Measure {
    /// Method and path pattern.
    pub endpoint: String,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The trace that it is part of, and its span there.
    pub trace: TraceContext,
    request_id: String,
    begun: Instant,
    costs: Mutex<Costs>,
}

/// What was noted of a request.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    /// Its statements.
    pub queries: Timings,
    /// Its Redis operations.
    pub redis: Timings,
    /// Those that took long, the first of them.
    pub slow: Vec<SlowOperation>,
}

impl Measure {
    /// Begins to measure.
    #[must_use]
    pub fn begin(
        endpoint: String,
        request_id: String,
        trace: TraceContext,
        at: DateTime<Utc>,
    ) -> Arc<Self> {
        let (begun, costs) = (Instant::now(), Mutex::default());
        Arc::new(Self { endpoint, at, trace, request_id, begun, costs })
    }

    /// Notes what a future does, as far as it runs in its own task, for this request.
    pub fn around<F: Future>(self: &Arc<Self>, future: F) -> impl Future<Output = F::Output> {
        RUNNING.scope(self.clone(), future)
    }

    /// The request, as logs name it.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The time since it began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// What was noted until now.
    #[must_use]
    pub fn costs(&self) -> Costs {
        self.costs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, metric: Metric, took: Duration, describe: impl FnOnce() -> Described) {
        let mut costs = self.costs.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = took.as_secs_f64() * 1e3;
        match metric {
            Metric::DatabaseQueryTime => costs.queries.note(ms),
            Metric::RedisOperationTime => costs.redis.note(ms),
            Metric::ApiResponseTime => {}
        }
        if SlowOperation::is_slow(metric, took) && costs.slow.len() < SLOW_MAX {
            let Described { name, statement } = describe();
            costs.slow.push(SlowOperation {
                at: self.at + TimeDelta::from_std(self.elapsed()).unwrap_or_default(),
                metric,
                name: brief(&name),
                statement: statement.map(|statement| brief(&statement)),
                duration_ms: ms,
                endpoint: self.endpoint.clone(),
                request_id: self.request_id.clone(),
            });
        }
    }
}

/// What an operation is.
pub(super) struct Described {
    /// What it is called.
    pub(super) name: String,
    /// The whole statement.
    pub(super) statement: Option<String>,
}

/// The trace of the request that the running task belongs to, if it belongs to one.
pub(super) fn running_trace() -> Option<TraceContext> {
    RUNNING.try_with(|running| running.trace).ok()
}

/// Notes an operation for the request that the running task belongs to, if it belongs to one.
pub(super) fn note(metric: Metric, took: Duration, describe: impl FnOnce() -> Described) {
    let _outside = RUNNING.try_with(|running| running.note(metric, took, describe));
}
