//! The places of clicks: counted by cell of a grid, they are taken out of the events (definitions b10).

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::operations::Cutoffs;

use super::{Removed, Sweep, raise_floor};
use crate::analytics::counts;
use crate::platform::{App, begin_bounded};

/// Takes the places out of clicks of days that are older than places are kept: of each day once, and again
/// where clicks of it came late.
pub(super) async fn remove(sweep: &Sweep) -> Result<Removed, sqlx::Error> {
    let before = sweep.cutoffs.points;
    let mut removed = Removed::new("points", "interaction_events", before);
    for day in days(&sweep.app, before).await? {
        if !sweep.in_time() || !remove_points(sweep, day).await? {
            break;
        }
        removed.rows += 1;
    }
    Ok(removed)
}

/// The days in UTC whose clicks must lose their places: those that late events marked, and those that were
/// counted since, up to the first that waits to be counted.
async fn days(app: &App, before: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT day AS "day!" FROM (
            SELECT day FROM stale_heatmap_days WHERE day < kept_since('points')
            UNION
            SELECT day FROM heatmap_cells
            WHERE day >= kept_since('points') AND day < least($1, (
                SELECT min(stale.day) FROM stale_heatmap_days AS stale
                WHERE stale.day >= kept_since('points')))
         ) AS days ORDER BY day"#,
        before
    )
    .fetch_all(&app.db)
    .await
}

/// Takes the places out of the clicks of a day, which is not counted anew from then on. False where it was
/// marked meanwhile: then it is counted first.
async fn remove_points(sweep: &Sweep, day: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let mut tx = begin_bounded(&sweep.app.db, sweep.app.config.job_budget).await?;
    counts::hold(&mut tx).await?;
    sqlx::query!(
        "DELETE FROM stale_heatmap_days WHERE day = $1 AND day < kept_since('points')",
        day
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "UPDATE interaction_events
         SET additional_data = additional_data - '{x,y,clientX,clientY}'::text[]
         WHERE occurred_at >= $1 AND occurred_at < $2
            AND event_type IN ('click', 'button_click', 'dead_click', 'rage_click')
            AND additional_data ?| '{x,y,clientX,clientY}'",
        day,
        day + TimeDelta::days(1)
    )
    .execute(&mut *tx)
    .await?;
    let waits = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM stale_heatmap_days
            WHERE day = $1 AND day >= kept_since('points')) AS "waits!""#,
        day
    );
    if waits.fetch_one(&mut *tx).await? {
        return Ok(false);
    }
    raise_floor(&mut tx, "points", day + TimeDelta::days(1)).await?;
    tx.commit().await?;
    Ok(true)
}

/// The days whose clicks would lose their places.
pub(super) async fn preview(app: &App, cutoffs: &Cutoffs) -> Result<Removed, sqlx::Error> {
    let days = days(app, cutoffs.points).await?;
    let rows = i64::try_from(days.len()).unwrap_or(i64::MAX);
    Ok(Removed { rows, ..Removed::new("points", "interaction_events", cutoffs.points) })
}
