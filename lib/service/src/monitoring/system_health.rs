//! Health for people: everything that the system depends on, told even where something is down.

use std::time::{Duration, Instant};

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::Rate;
use nest_haus_domain::monitoring::{SLOT, slot_of};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::health::{migrations, never_evicts};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::{App, begin_report};
use crate::queue;

/// A dependency that does not answer for so long is down.
const PATIENCE: Duration = Duration::from_secs(4);

/// The ranges that uptime is told for.
const RANGES: [(&str, TimeDelta); 3] =
    [("24h", TimeDelta::hours(24)), ("7d", TimeDelta::days(7)), ("30d", TimeDelta::days(30))];

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Condition {
    Ok,
    Degraded,
    Down,
}

/// How the system is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemHealth {
    /// `ok`; `degraded` where something is not well; `down` where neither PostgreSQL nor Redis answers, so
    /// that nothing can be taken.
    status: Condition,
    /// The commit or version that is deployed.
    release: String,
    /// When the process began that answers.
    process_started_at: DateTime<Utc>,
    /// When this was asked.
    as_of: DateTime<Utc>,
    /// PostgreSQL, Redis and mail.
    dependencies: Vec<Dependency>,
    /// What the schema of the database is; nothing where it cannot be asked.
    migrations: Option<Migrations>,
    /// The queues of events; nothing where Redis cannot be asked.
    #[schema(value_type = Option<Vec<QueueHealth>>)]
    queues: Option<Vec<QueueHealth>>,
    /// When each job last succeeded; nothing where PostgreSQL cannot be asked.
    #[schema(value_type = Option<Vec<JobHealth>>)]
    jobs: Option<Vec<JobHealth>>,
    /// How often the system worked, from its own recordings; nothing where PostgreSQL cannot be asked.
    #[schema(value_type = Option<Vec<Uptime>>)]
    uptime: Option<Vec<Uptime>>,
}

/// Something that the system depends on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    /// `postgres`, `redis` or `mail`.
    #[schema(value_type = String)]
    name: &'static str,
    /// `ok`, `degraded` or `down`.
    status: Condition,
    /// How long it took to answer, in milliseconds; nothing where it was not asked.
    latency_ms: Option<f64>,
    /// What was found, in a few words.
    #[schema(value_type = String)]
    detail: &'static str,
}

/// What the schema of the database is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Migrations {
    /// The last migration that the database has; nothing where it has none.
    pub(super) applied: Option<i64>,
    /// The last one that this release knows.
    pub(super) known: i64,
    /// Migrations that this release knows and the database has not.
    pub(super) missing: usize,
}

/// How full a queue is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueueHealth {
    /// `interactions`, `configurations` or `metrics`.
    #[schema(value_type = String)]
    queue: &'static str,
    /// Requests in it.
    entries: i64,
    /// Bytes in it.
    bytes: i64,
    /// The larger of the shares of its two limits that it fills.
    share_of_limit: f64,
    /// How long its oldest entry has waited, in seconds; 0 where it is empty.
    oldest_age_s: i64,
}

/// When a job last succeeded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobHealth {
    job: String,
    /// When that run began.
    last_succeeded_at: DateTime<Utc>,
}

/// How often the system worked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Uptime {
    /// `24h`, `7d` or `30d`, ending with the last slot of five minutes that is over.
    #[schema(value_type = String)]
    range: &'static str,
    /// Slots in which fewer than half of the requests failed, of those that had requests.
    up: Rate,
    /// Slots that had no requests, of which nothing is known.
    slots_without_requests: i64,
}

/// How everything is that the system depends on; what can be said, where something is down.
#[utoipa::path(
    get, path = "/api/admin/health", tag = "operations", security(("admin" = [])),
    responses(
        (status = 200, description = "How the system is.", body = SystemHealth),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn system_health(
    cx: Context,
    _: May<ReadAnalytics>,
) -> Result<Json<SystemHealth>, Problem> {
    let (stored, (redis, queues)) = tokio::join!(stored(&cx), in_redis(&cx));
    let Stored { postgres, migrations, jobs, uptime } = stored;
    let dependencies = vec![postgres, redis, mail(&cx.app)];
    let late = i64::try_from(cx.app.config.drain_late_after.as_secs()).unwrap_or(i64::MAX);
    let waits = queues.iter().flatten().any(|queue| queue.oldest_age_s > late);
    Ok(Json(SystemHealth {
        status: overall(&dependencies, waits),
        release: cx.app.config.release.clone(),
        process_started_at: cx.app.started_at,
        as_of: cx.now,
        dependencies,
        migrations,
        queues,
        jobs,
        uptime,
    }))
}

/// One of PostgreSQL and Redis is enough to take events.
fn overall(dependencies: &[Dependency], waits: bool) -> Condition {
    let stores = dependencies.iter().filter(|of| of.name != "mail");
    if stores.into_iter().all(|of| of.status == Condition::Down) {
        Condition::Down
    } else if waits || dependencies.iter().any(|of| of.status != Condition::Ok) {
        Condition::Degraded
    } else {
        Condition::Ok
    }
}

fn milliseconds_since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// What PostgreSQL says.
struct Stored {
    postgres: Dependency,
    migrations: Option<Migrations>,
    jobs: Option<Vec<JobHealth>>,
    uptime: Option<Vec<Uptime>>,
}

async fn stored(cx: &Context) -> Stored {
    let begun = Instant::now();
    let asked = async { migrations(&mut *cx.app.db.acquire().await?).await };
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    let latency_ms = Some(milliseconds_since(begun));
    let Ok(Ok(found)) = answered else {
        tracing::warn!(error = ?answered.map(Result::err), "health: postgres");
        let detail = "out of reach, or not migrated";
        let postgres = Dependency { name: "postgres", status: Condition::Down, latency_ms, detail };
        return Stored { postgres, migrations: None, jobs: None, uptime: None };
    };
    let (status, detail) = match found.missing {
        0 => (Condition::Ok, "migrated"),
        _ => (Condition::Degraded, "migrations are missing"),
    };
    let (jobs, uptime) = recorded(cx).await.unwrap_or_else(|error| {
        tracing::warn!(?error, "health: jobs and uptime");
        (None, None)
    });
    let postgres = Dependency { name: "postgres", status, latency_ms, detail };
    Stored { postgres, migrations: Some(found), jobs, uptime }
}

type JobsAndUptime = (Option<Vec<JobHealth>>, Option<Vec<Uptime>>);

async fn recorded(cx: &Context) -> Result<JobsAndUptime, sqlx::Error> {
    let mut tx = begin_report(&cx.app.db, PATIENCE).await?;
    let (jobs, uptime) = (jobs(&mut tx).await?, uptime(&mut tx, cx.now).await?);
    Ok((Some(jobs), Some(uptime)))
}

async fn jobs(db: &mut PgConnection) -> Result<Vec<JobHealth>, sqlx::Error> {
    sqlx::query_as!(
        JobHealth,
        r#"SELECT job, max(started_at) AS "last_succeeded_at!" FROM job_runs
         WHERE outcome = 'succeeded' GROUP BY job ORDER BY job"#
    )
    .fetch_all(db)
    .await
}

async fn uptime(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Uptime>, sqlx::Error> {
    let until = slot_of(now);
    let since: Vec<DateTime<Utc>> = RANGES.iter().map(|(_, length)| until - *length).collect();
    let rows = sqlx::query!(
        r#"SELECT count(slot) AS "known!", count(slot) FILTER (WHERE 2 * failed < requests) AS "up!"
         FROM unnest($1::timestamptz[]) WITH ORDINALITY AS range (since, place)
         LEFT JOIN recorded_slots ON slot >= since AND slot < $2
         GROUP BY place ORDER BY place"#,
        &since,
        until
    )
    .fetch_all(db)
    .await?;
    let of = RANGES.into_iter().zip(rows).map(|((range, length), row)| Uptime {
        range,
        up: Rate::new(row.up, row.known),
        slots_without_requests: length.num_minutes() / SLOT.num_minutes() - row.known,
    });
    Ok(of.collect())
}

async fn in_redis(cx: &Context) -> (Dependency, Option<Vec<QueueHealth>>) {
    let begun = Instant::now();
    let found = tokio::time::timeout(PATIENCE, never_evicts(&cx.app)).await;
    let latency_ms = Some(milliseconds_since(begun));
    let (status, detail) = match found {
        Ok(Ok(Some(true))) => (Condition::Ok, "never evicts"),
        Ok(Ok(None)) => (Condition::Ok, "eviction policy unknown"),
        Ok(Ok(Some(false))) => {
            (Condition::Degraded, "eviction is on: set the policy to noeviction")
        }
        Ok(Err(_)) | Err(_) => (Condition::Down, "out of reach"),
    };
    let redis = Dependency { name: "redis", status, latency_ms, detail };
    let queues = if status == Condition::Down { None } else { queues(cx).await };
    (redis, queues)
}

async fn queues(cx: &Context) -> Option<Vec<QueueHealth>> {
    let queues = queue::status(&cx.app).await.ok()?;
    let config = &cx.app.config;
    let of = queues.into_iter().map(|(kind, status)| QueueHealth {
        queue: kind.as_str(),
        entries: status.entries,
        bytes: status.bytes,
        share_of_limit: share(status.entries, config.queue_entries_max)
            .max(share(status.bytes, config.queue_bytes_max)),
        oldest_age_s: status.oldest_at.map_or(0, |at| (cx.now - at).num_seconds().max(0)),
    });
    Some(of.collect())
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn share(part: i64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn mail(app: &App) -> Dependency {
    let mail = &app.config.mail;
    let (status, detail) = match (&mail.smtp_url, &mail.folder) {
        (Some(_), _) => (Condition::Ok, "a server is configured"),
        (None, Some(_)) => (Condition::Ok, "mails go into a folder"),
        (None, None) => (Condition::Degraded, "no server is configured: nothing is sent"),
    };
    Dependency { name: "mail", status, latency_ms: None, detail }
}
