//! Counts that are kept beside visits, of measurements, clicks and chosen options: made anew for the hours
//! and days that changed.

use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;

use crate::http::Problem;
use crate::operations::Run;
use crate::platform::{App, begin_bounded};

use super::heatmap_store::refresh_stale_days;
use super::performance_store::refresh_stale_metric_hours;
use super::popular_store::refresh_stale_vote_days;
use super::visits::PROJECTION_LOCK;

/// The lock that one process holds while it counts.
const COUNTING_LOCK: i64 = 7254;

/// Share of a job's time after which no further hours are begun.
const BUDGET_SHARE: f64 = 0.8;

/// What the job about measurements did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceRollup {
    /// Hours of measurements that were made anew.
    hours: u64,
    /// Another process was counting, which does the same.
    held_elsewhere: bool,
}

/// The job that makes the hours of measurements anew that changed.
pub async fn performance_rollup(run: Run) -> Result<PerformanceRollup, Problem> {
    let started = Instant::now();
    let mut hours = 0;
    while started.elapsed() < run.budget.mul_f64(BUDGET_SHARE) {
        let mut tx = begin_bounded(&run.app.db, run.budget).await?;
        if !take_lock(&mut tx).await? {
            return Ok(PerformanceRollup { hours, held_elsewhere: true });
        }
        let made = refresh_stale_metric_hours(&mut tx).await?;
        tx.commit().await?;
        if made == 0 {
            break;
        }
        hours += made;
    }
    Ok(PerformanceRollup { hours, held_elsewhere: false })
}

/// Waits until nobody projects visits or counts, and keeps others from it until the transaction ends.
pub async fn hold(tx: &mut PgTransaction<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock($1) AS projecting, pg_advisory_xact_lock($2) AS counting",
        PROJECTION_LOCK,
        COUNTING_LOCK
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}

/// Counts some hours of measurements, one day of clicks and one of chosen options anew; answers how many
/// hours and days, or nothing if another process is at it.
pub(super) async fn refresh(app: &App, limit: Duration) -> Result<Option<u64>, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, limit).await?;
    if !take_lock(&mut tx).await? {
        return Ok(None);
    }
    let hours = refresh_stale_metric_hours(&mut tx).await?;
    let days = refresh_stale_days(&mut tx).await?;
    let vote_days = refresh_stale_vote_days(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(hours + days + vote_days))
}

/// Takes the lock until the transaction ends; false if another process counts.
async fn take_lock(tx: &mut PgTransaction<'_>) -> Result<bool, sqlx::Error> {
    let taken =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "taken!""#, COUNTING_LOCK);
    taken.fetch_one(&mut **tx).await
}
