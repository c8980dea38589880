//! Roll-ups of visits by hour and by day, in UTC: any range in any zone is whole days, whole hours and
//! the visits at its edges.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::super::journeys::refresh_path_edges;
use super::{STATEMENT_TIME_MIN, store};
use crate::platform::{App, begin_bounded};

/// Hours that one transaction makes anew.
const HOURS_PER_BATCH: i64 = 24 * 31;

/// Days with their numbers of visits.
type VisitsByDay = Vec<(DateTime<Utc>, i64)>;

/// What was made.
pub(super) struct Refreshed {
    pub(super) hours: u64,
    pub(super) restated_days: u64,
}

/// Makes the roll-ups of hours that changed, and of their days; nothing if another process is at it.
/// Roll-ups of hours whose visits went by age stay as they are.
pub(super) async fn refresh(app: &App, budget: Duration) -> Result<Option<Refreshed>, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, budget.max(STATEMENT_TIME_MIN)).await?;
    if !store::take_lock(&mut tx).await? {
        return Ok(None);
    }
    let taken = sqlx::query!(
        r#"DELETE FROM stale_hours WHERE hour IN (SELECT hour FROM stale_hours ORDER BY hour LIMIT $1)
         RETURNING hour, hour >= kept_since('raw') AS "kept!""#,
        HOURS_PER_BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    if taken.is_empty() {
        tx.rollback().await?;
        return Ok(Some(Refreshed { hours: 0, restated_days: 0 }));
    }
    let kept = taken.iter().filter(|taken| taken.kept);
    let hours: Vec<DateTime<Utc>> = kept.map(|taken| taken.hour).collect();
    let before = visits_by_day(&mut tx, &hours).await?;
    make_hours(&mut tx, &hours).await?;
    make_hour_histograms(&mut tx, &hours).await?;
    make_days(&mut tx, &hours).await?;
    let after = visits_by_day(&mut tx, &hours).await?;
    let restated_days = restate(&mut tx, (&before, &after), app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(Refreshed { hours: u64::try_from(taken.len()).unwrap_or(u64::MAX), restated_days }))
}

async fn make_hours(
    tx: &mut PgTransaction<'_>,
    hours: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM visit_rollups WHERE grain = 'hour' AND bucket = ANY($1)", hours)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "INSERT INTO visit_rollups
         SELECT 'hour', hour, population,
            sum(visits), sum(page_views), sum(interactions), sum(selections), sum(snapshots),
            sum(bounces), sum(duration_ms), sum(engaged_ms), sum(identified), sum(configuring),
            sum(carts), sum(completions), sum(micro), sum(micro_configuring), sum(leads),
            sum(leads_configuring), sum(orders), sum(orders_configuring),
            sum(claims), sum(emitted), sum(captured),
            sum(reached_2), sum(reached_3), sum(reached_4), sum(reached_5)
         FROM unnest($1::timestamptz[]) AS hour
         JOIN visit_measures ON started_at >= hour AND started_at < hour + interval '1 hour'
         GROUP BY hour, population",
        hours
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn make_hour_histograms(
    tx: &mut PgTransaction<'_>,
    hours: &[DateTime<Utc>],
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM visit_histograms WHERE grain = 'hour' AND bucket = ANY($1)", hours)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "INSERT INTO visit_histograms
         SELECT 'hour', hour, metric, population, array_agg(index ORDER BY index),
            array_agg(count ORDER BY index)
         FROM (
            SELECT hour, metric, population, histogram_bucket(ms) AS index, count(*) AS count
            FROM unnest($1::timestamptz[]) AS hour
            JOIN visit_times ON started_at >= hour AND started_at < hour + interval '1 hour'
            GROUP BY 1, 2, 3, 4
         ) AS counted
         GROUP BY hour, metric, population",
        hours
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The days that some hours lie in, added up from all of their hours.
async fn make_days(tx: &mut PgTransaction<'_>, hours: &[DateTime<Utc>]) -> Result<(), sqlx::Error> {
    let days = sqlx::query_scalar!(
        r#"SELECT DISTINCT date_bin('1 day', hour, 'epoch') AS "day!" FROM unnest($1::timestamptz[]) AS hour"#,
        hours
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "WITH gone AS (DELETE FROM visit_rollups WHERE grain = 'day' AND bucket = ANY($1))
         DELETE FROM visit_histograms WHERE grain = 'day' AND bucket = ANY($1)",
        &days
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO visit_rollups
         SELECT 'day', day, population,
            sum(visits), sum(page_views), sum(interactions), sum(selections), sum(snapshots),
            sum(bounces), sum(duration_ms), sum(engaged_ms), sum(identified), sum(configuring),
            sum(carts), sum(completions), sum(micro), sum(micro_configuring), sum(leads),
            sum(leads_configuring), sum(orders), sum(orders_configuring),
            sum(claims), sum(emitted), sum(captured),
            sum(reached_2), sum(reached_3), sum(reached_4), sum(reached_5)
         FROM unnest($1::timestamptz[]) AS day
         JOIN visit_rollups ON grain = 'hour' AND bucket >= day AND bucket < day + interval '1 day'
         GROUP BY day, population",
        &days
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO visit_histograms
         SELECT 'day', day, metric, population, array_agg(index ORDER BY index),
            array_agg(count ORDER BY index)
         FROM (
            SELECT day, metric, population, index, sum(count)::bigint AS count
            FROM unnest($1::timestamptz[]) AS day
            JOIN visit_histograms
                ON grain = 'hour' AND bucket >= day AND bucket < day + interval '1 day'
            CROSS JOIN LATERAL unnest(indexes, counts) AS part (index, count)
            GROUP BY 1, 2, 3, 4
         ) AS counted
         GROUP BY day, metric, population",
        &days
    )
    .execute(&mut **tx)
    .await?;
    refresh_path_edges(tx, &days).await
}

/// The visits of the days that some hours lie in, as roll-ups have them.
async fn visits_by_day(
    tx: &mut PgTransaction<'_>,
    hours: &[DateTime<Utc>],
) -> Result<VisitsByDay, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT bucket, sum(visits)::bigint AS "visits!" FROM visit_rollups
         WHERE grain = 'day'
            AND bucket IN (SELECT date_bin('1 day', hour, 'epoch') FROM unnest($1::timestamptz[]) AS hour)
         GROUP BY bucket"#,
        hours
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.bucket, row.visits)).collect())
}

/// Puts on record which closed days have other numbers now than they had.
async fn restate(
    tx: &mut PgTransaction<'_>,
    (before, after): (&VisitsByDay, &VisitsByDay),
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let mut restated = 0;
    for (day, visits_before) in before {
        let visits_after =
            after.iter().find(|(other, _)| other == day).map_or(0, |(_, visits)| *visits);
        if *day + chrono::TimeDelta::days(1) > now || visits_after == *visits_before {
            continue;
        }
        sqlx::query!(
            "INSERT INTO restatements (id, day, restated_at, visits_before, visits_after)
             VALUES ($1, $2, $3, $4, $5)",
            Uuid::now_v7(),
            day,
            now,
            visits_before,
            visits_after
        )
        .execute(&mut **tx)
        .await?;
        restated += 1;
    }
    Ok(restated)
}
