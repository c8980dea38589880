//! Reading what was recorded of requests. Stands in until recordings come with a reader of their own; when
//! merging, take that, and delete this file.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Histogram, Period};
use sqlx::PgConnection;

/// What is recorded, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "they are called as metrics are")]
pub(super) enum Metric {
    /// From a request to its answer, one a request.
    ApiResponseTime,
    /// One a statement.
    DatabaseQueryTime,
    /// One a command or script.
    RedisOperationTime,
}

impl Metric {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ApiResponseTime => "api_response_time",
            Self::DatabaseQueryTime => "database_query_time",
            Self::RedisOperationTime => "redis_operation_time",
        }
    }
}

/// Durations with how often each came.
pub(super) struct Timings {
    pub(super) histogram: Histogram,
}

/// Durations of one slot, endpoint and status class.
pub(super) struct Recorded {
    pub(super) slot: DateTime<Utc>,
    pub(super) endpoint: String,
    pub(super) status_class: i16,
    pub(super) timings: Timings,
}

/// Whether an endpoint is a job, or work after an answer: nobody waits for those.
pub(super) fn is_job(endpoint: &str) -> bool {
    endpoint.contains(" /api/cron/") || endpoint.starts_with("WORK ")
}

/// What was recorded of a metric in the slots of five minutes that begin in a period.
pub(super) async fn recorded(
    db: &mut PgConnection,
    period: Period,
    metric: Metric,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT slot, endpoint, status_class, indexes, counts FROM recordings
         WHERE metric = $3 AND slot >= $1 AND slot < $2
         ORDER BY slot, endpoint, status_class",
        period.from,
        period.to,
        metric.as_str()
    )
    .fetch_all(db)
    .await?;
    let recorded = rows.into_iter().map(|row| {
        let mut histogram = Histogram::default();
        for (index, count) in row.indexes.into_iter().zip(row.counts) {
            histogram.add(index, count);
        }
        let timings = Timings { histogram };
        let (slot, endpoint, status_class) = (row.slot, row.endpoint, row.status_class);
        Recorded { slot, endpoint, status_class, timings }
    });
    Ok(recorded.collect())
}
