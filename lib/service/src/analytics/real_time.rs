//! Live numbers: right while the drain is behind, since they read Redis first (definitions b12).

use std::collections::HashSet;

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{Kind, SessionId};
use serde::Serialize;
use utoipa::ToSchema;

use super::live_sessions::{LOOKED_AT_MAX, LiveSessions, live_sessions};
use super::meta::{Meta, Warning};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument, etag, unless_known};
use crate::platform::{App, begin_bounded};
use crate::queue::{self, QueueStatus};

/// A session is active for so long after its last activity.
const ACTIVE_FOR: TimeDelta = TimeDelta::minutes(5);

/// The lag is measured over events stored in this time.
const LAG_OVER: TimeDelta = TimeDelta::minutes(15);

/// Numbers older than this are shown as stale, in seconds.
const STALE_AFTER_S: i64 = 60;

/// Live numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealTime {
    /// The numbers.
    #[serde(flatten)]
    numbers: LiveNumbers,
    /// When the numbers were read.
    as_of: DateTime<Utc>,
    /// Age of the oldest entry in the queue, in seconds.
    oldest_unprocessed_s: Option<i64>,
    /// After so many seconds these numbers are stale.
    stale_after_s: i64,
    /// What the report says about itself.
    meta: Meta,
}

/// What the entity tag stands for: an answer with the same of these says nothing new.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LiveNumbers {
    /// Sessions with activity in the last five minutes.
    active_now: usize,
    /// Who is there.
    #[serde(flatten)]
    sessions: LiveSessions,
    /// 95 % of the events stored in the last 15 minutes were stored within this time of arrival,
    /// in milliseconds.
    ingest_lag_p95: Option<f64>,
    /// Entries in the queue.
    queue_depth: i64,
    /// Arrival of the oldest entry in the queue.
    oldest_unprocessed_at: Option<DateTime<Utc>>,
    /// The queue by stream.
    queues: Vec<QueueDepth>,
    /// The numbers are older than a minute: Redis does not answer, and what was stored lags behind.
    stale: bool,
}

/// How full one stream is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueueDepth {
    queue: Kind,
    entries: i64,
    bytes: i64,
}

/// Sessions that are active now, what they are configuring, and how far the queue is behind. Right
/// while nothing is drained. Meant to be asked every 30 s: the entity tag changes with the numbers.
#[utoipa::path(
    get, path = "/api/admin/analytics/real-time", tag = "analytics", security(("admin" = [])),
    responses(
        (status = 200, description = "The numbers.", body = RealTime),
        (status = 304, description = "The numbers are what the client has."),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Neither Redis nor the database answers.", body = ProblemDocument),
    )
)]
pub async fn real_time(cx: Context, _: May<ReadAnalytics>) -> Result<Response, Problem> {
    let since = cx.now - ACTIVE_FOR;
    let live = queue::live_sessions(&cx.app, since).await;
    let queues = queue::status(&cx.app).await.ok();
    let stored = stored_activity(&cx.app, since, cx.now).await;
    let mut meta = Meta::of("real_time", None, queues.as_deref(), cx.now);
    if let (Err(_), Err(_)) = (&live, &stored) {
        return Err(Problem::Unavailable("neither redis nor the database answers".into()));
    }
    if live.is_err() {
        meta.warn(Warning::RedisUnavailable);
    }
    if stored.is_err() {
        meta.warn(Warning::DatabaseUnavailable);
    }
    let (redis_answers, stored) = (live.is_ok(), stored.unwrap_or_default());
    let active = distinct(live.unwrap_or_default(), stored.sessions);
    let looked_at = active.get(..LOOKED_AT_MAX).unwrap_or(&active);
    if looked_at.len() < active.len() {
        meta.approx = true;
        meta.warn(Warning::LatestSessionsOnly);
    }
    let queues = queues.unwrap_or_default();
    let numbers = LiveNumbers {
        active_now: active.len(),
        sessions: live_sessions(&cx.app, looked_at).await?,
        ingest_lag_p95: stored.lag_p95,
        queue_depth: queues.iter().map(|(_, status)| status.entries).sum(),
        oldest_unprocessed_at: queues.iter().filter_map(|(_, status)| status.oldest_at).min(),
        queues: queues.into_iter().map(QueueDepth::of).collect(),
        stale: !redis_answers
            && stored.latest_at.is_none_or(|at| (cx.now - at).num_seconds() > STALE_AFTER_S),
    };
    answer(&cx, numbers, meta)
}

/// The numbers, unless the client has them.
fn answer(cx: &Context, numbers: LiveNumbers, meta: Meta) -> Result<Response, Problem> {
    let content = serde_json::to_string(&(&numbers, &meta.warnings))
        .map_err(|error| Problem::Internal(error.into()))?;
    Ok(unless_known(&cx.caller, &etag(&content), "private, no-cache", || {
        let oldest = numbers.oldest_unprocessed_at;
        let oldest_unprocessed_s = oldest.map(|at| (cx.now - at).num_seconds().max(0));
        Json(RealTime {
            numbers,
            as_of: cx.now,
            oldest_unprocessed_s,
            stale_after_s: STALE_AFTER_S,
            meta,
        })
        .into_response()
    }))
}

/// The latest live sessions first, then those that only the database knows. What is no session id any
/// more is left out.
fn distinct(live: Vec<String>, stored: Vec<String>) -> Vec<SessionId> {
    let mut seen = HashSet::new();
    let all = live.into_iter().rev().chain(stored);
    let ids = all.filter_map(|id| SessionId::try_from(id).ok());
    ids.filter(|id| seen.insert(id.clone())).collect()
}

impl QueueDepth {
    fn of((queue, status): (Kind, QueueStatus)) -> Self {
        Self { queue, entries: status.entries, bytes: status.bytes }
    }
}

/// What the database knows of the present.
#[derive(Default)]
struct StoredActivity {
    sessions: Vec<String>,
    lag_p95: Option<f64>,
    /// Arrival of the latest event stored lately.
    latest_at: Option<DateTime<Utc>>,
}

/// Sessions active since a moment by what is stored, and the lag of what was stored lately.
async fn stored_activity(
    app: &App,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<StoredActivity, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    let sessions = sqlx::query_scalar!(
        "SELECT session_id FROM user_sessions WHERE last_activity_at >= $1
         ORDER BY last_activity_at DESC",
        since
    )
    .fetch_all(&mut *tx)
    .await?;
    let lag = sqlx::query!(
        "SELECT percentile_cont(0.95) WITHIN GROUP
            (ORDER BY extract(epoch FROM stored_at - received_at)::float8 * 1000) AS p95,
            max(received_at) AS latest_at
         FROM interaction_events WHERE stored_at >= $1",
        now - LAG_OVER
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(StoredActivity { sessions, lag_p95: lag.p95, latest_at: lag.latest_at })
}
