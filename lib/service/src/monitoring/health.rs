//! Liveness, and on demand the state of everything that requests depend on.

use std::time::Instant;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::system_health::Migrations;
use crate::http::{Context, Query};
use crate::platform::{App, MIGRATOR, RedisFailure};
use crate::queue;

/// Whether to look at dependencies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HealthQuery {
    /// `1` also checks PostgreSQL, Redis and the age of the queue.
    deep: Option<String>,
}

/// Whether the system is well.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`, or `degraded` where a check failed.
    #[schema(value_type = String)]
    status: &'static str,
    /// What is deployed.
    release: String,
    /// When this was asked, in milliseconds since 1970.
    timestamp: i64,
    /// What was looked at.
    checks: Vec<Check>,
}

/// Something that requests depend on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    #[schema(value_type = String)]
    name: &'static str,
    /// Whether it is well.
    ok: bool,
    /// How long looking took.
    duration_ms: u64,
    /// What was found, in a few words.
    detail: String,
}

/// Whether the function answers; with `deep=1` whether all that it depends on is well.
#[utoipa::path(
    get, path = "/api/health", tag = "operations", params(HealthQuery),
    responses(
        (status = 200, description = "Well.", body = Health),
        (status = 503, description = "Something is not well.", body = Health),
    )
)]
pub async fn health(cx: Context, Query(query): Query<HealthQuery>) -> Response {
    let deep = query.deep.is_some_and(|deep| deep == "1" || deep == "true");
    let checks = if deep { checks(&cx).await } else { Vec::new() };
    let well = checks.iter().all(|check| check.ok);
    let health = Health {
        status: if well { "ok" } else { "degraded" },
        release: cx.app.config.release.clone(),
        timestamp: cx.now.timestamp_millis(),
        checks,
    };
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

async fn checks(cx: &Context) -> Vec<Check> {
    vec![
        timed("postgres", postgres(&cx.app)).await,
        timed("redis", redis(&cx.app)).await,
        timed("queue", queue_age(cx)).await,
    ]
}

async fn timed(
    name: &'static str,
    check: impl Future<Output = Result<String, &'static str>>,
) -> Check {
    let started = Instant::now();
    let found = check.await;
    Check {
        name,
        ok: found.is_ok(),
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        detail: found.unwrap_or_else(str::to_owned),
    }
}

async fn postgres(app: &App) -> Result<String, &'static str> {
    let asked = async { migrations(&mut *app.db.acquire().await?).await };
    let migrations = asked.await.map_err(|error| {
        tracing::warn!(?error, "health: postgres");
        "out of reach, or not migrated"
    })?;
    if migrations.missing > 0 { Err("migrations are missing") } else { Ok("migrated".to_owned()) }
}

/// Which migrations the database has.
pub(super) async fn migrations(db: &mut PgConnection) -> Result<Migrations, sqlx::Error> {
    // The table is the migrator's own, so this query is not checked against our schema.
    let applied: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(db)
            .await?;
    let known = || MIGRATOR.iter().map(|migration| migration.version);
    Ok(Migrations {
        applied: applied.iter().max().copied(),
        known: known().max().unwrap_or(0),
        missing: known().filter(|version| !applied.contains(version)).count(),
    })
}

/// Redis must answer and must never evict: the queue is kept nowhere else.
async fn redis(app: &App) -> Result<String, &'static str> {
    match never_evicts(app).await {
        Ok(Some(true)) => Ok("never evicts".to_owned()),
        Ok(None) => Ok("eviction policy unknown".to_owned()),
        Ok(Some(false)) => Err("eviction is on: set the policy to noeviction"),
        Err(error) => {
            tracing::warn!(?error, "health: redis");
            Err("out of reach")
        }
    }
}

/// Whether Redis never evicts; nothing where it does not say.
pub(super) async fn never_evicts(app: &App) -> Result<Option<bool>, RedisFailure> {
    let mut command = redis::cmd("INFO");
    command.arg("memory");
    let info: String = app.redis.query_twice(&command).await?;
    let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:"));
    Ok(policy.map(|policy| policy.trim() == "noeviction"))
}

async fn queue_age(cx: &Context) -> Result<String, &'static str> {
    let status = queue::status(&cx.app).await.map_err(|_| "out of reach")?;
    let oldest = status.iter().filter_map(|(_, status)| status.oldest_at).min();
    let age = oldest.map_or(0, |at| (cx.now - at).num_seconds().max(0));
    let entries: i64 = status.iter().map(|(_, status)| status.entries).sum();
    let bound = i64::try_from(cx.app.config.drain_late_after.as_secs()).unwrap_or(i64::MAX);
    if age > bound {
        Err("not drained for too long")
    } else {
        Ok(format!("{entries} entries, oldest {age} s"))
    }
}
