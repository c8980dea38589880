//! How fast the system answers, and what of that is PostgreSQL and Redis: from its own recordings.

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{Bucket, Histogram, Interval, Period, Rate, buckets};
use nest_haus_domain::monitoring::{Metric, Timings, is_job};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{Recorded, SlowGroup, each_recorded, slow_operations};
use crate::accounts::{May, ReadAnalytics};
use crate::analytics::{Asked, Meta, RangeQuery, Warning};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// Ranges up to this are told by hours, longer ones by days.
const HOURS_UP_TO: TimeDelta = TimeDelta::hours(49);

/// Most names of slow operations.
const SLOW_MAX: i64 = 100;

/// The class of statuses that are failures of ours.
const FAILED: i16 = 5;

/// How fast the system answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemPerformance {
    /// All requests that somebody waited for: jobs and work after answers are left out.
    total: Load,
    /// Each endpoint, those with the most requests first.
    endpoints: Vec<EndpointLoad>,
    /// The total by hour for ranges up to two days, by day for longer ones.
    by_time: Vec<LoadTime>,
    /// Statements over 100 ms and Redis operations over 50 ms, by name; those that took the most time
    /// together first.
    slow_operations: Vec<SlowOperations>,
    /// What the report says about itself.
    meta: Meta,
}

/// Requests that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Load {
    /// Requests.
    n: i64,
    /// Those that failed (5xx), of all.
    error_rate: Rate,
    /// From the request to its answer, in milliseconds.
    response_ms: ResponseTimes,
    /// Statements.
    database: OperationLoad,
    /// Redis commands and scripts.
    redis: OperationLoad,
}

/// What shares of requests take at most, in milliseconds; nothing without requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResponseTimes {
    p50: Option<f64>,
    p75: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// Statements or Redis operations of some requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OperationLoad {
    /// How many there are.
    n: i64,
    /// How many a request has on average.
    per_request: Option<f64>,
    /// What 95 of 100 take at most, in milliseconds.
    p95_ms: Option<f64>,
    /// Their time as a share of that of the requests; more than 1 where several run at once.
    time_share: Option<f64>,
}

/// The requests of an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndpointLoad {
    /// Method and path; `WORK` and a name for work after answers.
    endpoint: String,
    /// Nobody waits for it: a job, or work after answers.
    job: bool,
    #[serde(flatten)]
    load: Load,
}

/// The requests of an hour or day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LoadTime {
    /// Its beginning, in the zone of the report.
    start: String,
    /// The range cuts it, or it is not over.
    partial: bool,
    #[serde(flatten)]
    load: Load,
}

/// Slow operations of one name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SlowOperations {
    /// `database_query_time` or `redis_operation_time`.
    metric: String,
    /// The first words of the statement; the command or script.
    name: String,
    /// The statement as it is written, without parameters.
    statement: Option<String>,
    /// How often it was slow.
    n: i64,
    /// What 95 of 100 of these took at most, in milliseconds.
    p95_ms: f64,
    /// The longest, in milliseconds.
    max_ms: f64,
    /// When it was slow last.
    last_at: DateTime<Utc>,
    /// For which endpoint then.
    last_endpoint: String,
    /// For which request then, as logs name it.
    last_request_id: String,
}

/// How long requests took by endpoint and by time, how many failed, and what PostgreSQL and Redis had of
/// that. Percentiles come from histograms that add up, and are within 2.2 %.
#[utoipa::path(
    get, path = "/api/admin/monitoring/performance", tag = "operations",
    params(RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "How fast the system answers.", body = SystemPerformance),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn system_performance(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, .. }: Asked,
) -> Result<Json<SystemPerformance>, Problem> {
    let length = range.period.to - range.period.from;
    let interval = if length <= HOURS_UP_TO { Interval::Hour } else { Interval::Day };
    let buckets = buckets(range.period, interval, range.zone, cx.now);
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("system_performance", &range, queues.as_deref(), cx.now);
    meta.approx = true;
    meta.warn(Warning::EverybodyCounts);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let sums = Sums::of_period(&mut tx, range.period, &buckets).await?;
    let slow = slow_operations(&mut tx, range.period, SLOW_MAX).await?;
    let by_time = buckets.iter().zip(&sums.by_time).map(|(bucket, sums)| LoadTime {
        start: range.zone.label(bucket.start),
        partial: bucket.partial,
        load: Load::of(sums),
    });
    Ok(Json(SystemPerformance {
        total: Load::of(&sums.total),
        by_time: by_time.collect(),
        endpoints: endpoints(sums.by_endpoint),
        slow_operations: slow.into_iter().map(SlowOperations::from).collect(),
        meta,
    }))
}

/// Durations of some requests.
#[derive(Default)]
struct Sum {
    requests: Timings,
    failed: i64,
    database: Timings,
    redis: Timings,
}

impl Sum {
    fn add(&mut self, metric: Metric, recorded: &Recorded) {
        match metric {
            Metric::ApiResponseTime => {
                self.requests.merge(&recorded.timings);
                if recorded.status_class == FAILED {
                    self.failed += recorded.timings.count();
                }
            }
            Metric::DatabaseQueryTime => self.database.merge(&recorded.timings),
            Metric::RedisOperationTime => self.redis.merge(&recorded.timings),
        }
    }
}

/// Durations of a period in all ways that are told.
struct Sums {
    total: Sum,
    by_endpoint: BTreeMap<String, Sum>,
    by_time: Vec<Sum>,
}

impl Sums {
    async fn of_period(
        db: &mut PgConnection,
        period: Period,
        buckets: &[Bucket],
    ) -> Result<Self, sqlx::Error> {
        let by_time = buckets.iter().map(|_| Sum::default()).collect();
        let mut sums = Self { total: Sum::default(), by_endpoint: BTreeMap::new(), by_time };
        for metric in Metric::ALL {
            let note = |recorded: Recorded| sums.note(metric, &recorded, buckets);
            each_recorded(db, period, metric, note).await?;
        }
        Ok(sums)
    }

    fn note(&mut self, metric: Metric, recorded: &Recorded, buckets: &[Bucket]) {
        if !is_job(&recorded.endpoint) {
            self.total.add(metric, recorded);
            // An hour that the range cuts begins before it.
            let after = buckets.partition_point(|bucket| bucket.start <= recorded.slot);
            if let Some(sum) = self.by_time.get_mut(after.saturating_sub(1)) {
                sum.add(metric, recorded);
            }
        }
        self.by_endpoint.entry(recorded.endpoint.clone()).or_default().add(metric, recorded);
    }
}

fn endpoints(sums: BTreeMap<String, Sum>) -> Vec<EndpointLoad> {
    let mut endpoints: Vec<EndpointLoad> = sums
        .into_iter()
        .map(|(endpoint, sum)| EndpointLoad {
            job: is_job(&endpoint),
            load: Load::of(&sum),
            endpoint,
        })
        .collect();
    endpoints.sort_by_key(|of| std::cmp::Reverse(of.load.n));
    endpoints
}

impl Load {
    fn of(sum: &Sum) -> Self {
        let n = sum.requests.count();
        Self {
            n,
            error_rate: Rate::new(sum.failed, n),
            response_ms: ResponseTimes::of(&sum.requests.histogram),
            database: OperationLoad::of(&sum.database, &sum.requests),
            redis: OperationLoad::of(&sum.redis, &sum.requests),
        }
    }
}

impl ResponseTimes {
    fn of(histogram: &Histogram) -> Self {
        let [p50, p75, p95, p99] = [0.5, 0.75, 0.95, 0.99].map(|share| histogram.quantile(share));
        Self { p50, p75, p95, p99 }
    }
}

impl OperationLoad {
    fn of(operations: &Timings, requests: &Timings) -> Self {
        let n = operations.count();
        Self {
            n,
            per_request: ratio(count(n), count(requests.count())),
            p95_ms: operations.histogram.quantile(0.95),
            time_share: ratio(operations.sum_ms, requests.sum_ms),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn count(n: i64) -> f64 {
    n as f64
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl From<SlowGroup> for SlowOperations {
    fn from(group: SlowGroup) -> Self {
        let SlowGroup { metric, name, statement, n, p95_ms, max_ms, .. } = group;
        let (last_at, last_endpoint) = (group.last_at, group.last_endpoint);
        let last_request_id = group.last_request_id;
        Self { metric, name, statement, n, p95_ms, max_ms, last_at, last_endpoint, last_request_id }
    }
}
