//! Counts that are kept beside visits, of measurements, clicks and chosen options: made anew for the hours
//! and days that changed.

use std::time::Duration;

use crate::platform::{App, begin_bounded};

use super::heatmap_store::refresh_stale_days;
use super::performance_store::refresh_stale_metric_hours;
use super::popular_store::refresh_stale_vote_days;

/// The lock that one process holds while it counts.
const COUNTING_LOCK: i64 = 7254;

/// Counts some hours of measurements, one day of clicks and one of chosen options anew; answers how many
/// hours and days, or nothing if another process is at it.
pub(super) async fn refresh(app: &App, limit: Duration) -> Result<Option<u64>, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, limit).await?;
    let taken =
        sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock($1) AS "taken!""#, COUNTING_LOCK);
    if !taken.fetch_one(&mut *tx).await? {
        return Ok(None);
    }
    let hours = refresh_stale_metric_hours(&mut tx).await?;
    let days = refresh_stale_days(&mut tx).await?;
    let vote_days = refresh_stale_vote_days(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(hours + days + vote_days))
}
