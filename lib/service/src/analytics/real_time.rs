//! Live numbers: right while the drain is behind, since they read Redis first (definitions b12).

use std::collections::HashSet;

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use super::meta::Meta;
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::{App, begin_bounded};
use crate::queue::{self, QueueStatus};

/// A session is active for so long after its last activity.
const ACTIVE_FOR: TimeDelta = TimeDelta::minutes(5);

/// The lag is measured over events stored in this time.
const LAG_OVER: TimeDelta = TimeDelta::minutes(15);

/// Live numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealTime {
    /// Sessions with activity in the last five minutes.
    active_now: usize,
    /// When the numbers were read.
    as_of: DateTime<Utc>,
    /// 95 % of the events stored in the last 15 minutes were stored within this time of arrival,
    /// in milliseconds.
    ingest_lag_p95: Option<f64>,
    /// Entries in the queue.
    queue_depth: i64,
    /// Age of the oldest entry in the queue, in seconds.
    oldest_unprocessed_s: Option<i64>,
    /// The queue by stream.
    queues: Vec<QueueDepth>,
    /// What the report says about itself.
    meta: Meta,
}

/// How full one stream is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueueDepth {
    #[schema(value_type = String)]
    queue: Kind,
    entries: i64,
    bytes: i64,
}

/// Sessions that are active now, and how far the queue is behind.
#[utoipa::path(
    get, path = "/api/admin/analytics/real-time", tag = "analytics", security(("admin" = [])),
    responses(
        (status = 200, description = "The numbers.", body = RealTime),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 503, description = "Neither Redis nor the database answers.", body = ProblemDocument),
    )
)]
pub async fn real_time(cx: Context, _: May<ReadAnalytics>) -> Result<Json<RealTime>, Problem> {
    let since = cx.now - ACTIVE_FOR;
    let live = queue::live_sessions(&cx.app, since).await;
    let queues = queue::status(&cx.app).await.ok();
    let stored = stored_activity(&cx.app, since, cx.now).await;
    let mut meta = Meta::of("real_time", None, queues.as_deref(), cx.now);
    if let (Err(_), Err(_)) = (&live, &stored) {
        return Err(Problem::Unavailable("neither redis nor the database answers".into()));
    }
    if live.is_err() {
        meta.warnings.push("redis is unavailable: sessions not yet stored are missing");
    }
    if stored.is_err() {
        meta.warnings.push("the database is unavailable: the lag is unknown");
    }
    let (sessions, lag) = stored.unwrap_or_default();
    let active: HashSet<String> = live.unwrap_or_default().into_iter().chain(sessions).collect();
    let queues = queues.unwrap_or_default();
    let oldest = queues.iter().filter_map(|(_, status)| status.oldest_at).min();
    let depth = |(queue, status): (Kind, QueueStatus)| QueueDepth {
        queue,
        entries: status.entries,
        bytes: status.bytes,
    };
    Ok(Json(RealTime {
        active_now: active.len(),
        as_of: cx.now,
        ingest_lag_p95: lag,
        queue_depth: queues.iter().map(|(_, status)| status.entries).sum(),
        oldest_unprocessed_s: oldest.map(|at| (cx.now - at).num_seconds().max(0)),
        queues: queues.into_iter().map(depth).collect(),
        meta,
    }))
}

/// Sessions active since a moment by what is stored, and the lag of what was stored lately.
async fn stored_activity(
    app: &App,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(Vec<String>, Option<f64>), sqlx::Error> {
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    let sessions = sqlx::query_scalar!(
        "SELECT session_id FROM user_sessions WHERE last_activity_at >= $1",
        since
    )
    .fetch_all(&mut *tx)
    .await?;
    let lag = sqlx::query_scalar!(
        "SELECT percentile_cont(0.95) WITHIN GROUP
            (ORDER BY extract(epoch FROM stored_at - received_at)::float8 * 1000)
         FROM interaction_events WHERE stored_at >= $1",
        now - LAG_OVER
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok((sessions, lag))
}
