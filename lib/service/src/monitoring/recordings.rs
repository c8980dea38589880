//! Recordings on their way: from their stream into the database, each flush once; rolled up by hour; and
//! deleted when they are old.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus_domain::monitoring::{Recordings, SlowOperation};
use redis::streams::{StreamId, StreamRangeReply};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::flush::stream;
use crate::http::Problem;
use crate::platform::{App, Flush, begin_bounded};

/// Entries that one transaction takes.
const BATCH_ENTRIES: usize = 200;

/// Share of a drain's time after which no further batch is begun.
const BUDGET_SHARE: f64 = 0.8;

/// A batch that has begun may finish, however little time a drain was given.
const STATEMENT_TIME_MIN: Duration = Duration::from_secs(5);

/// Hours that one transaction rolls up.
const HOURS_PER_BATCH: i64 = 24;

const SLOW_MAX: i64 = 10_000;

/// What a drain of recordings did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordingsReport {
    /// Whether the stream was drained to its end.
    pub complete: bool,
    /// Flushes of processes that were stored.
    pub stored: u64,
    /// Flushes that had been stored before.
    pub repeated: u64,
    /// Entries that could not be read, and are gone.
    pub damaged: u64,
}

/// Drains the stream of recordings until it is empty or most of the time is gone.
pub async fn drain_recordings(app: &App, budget: Duration) -> Result<RecordingsReport, Problem> {
    let begun = Instant::now();
    let mut report = RecordingsReport::default();
    while !report.complete && begun.elapsed() < budget.mul_f64(BUDGET_SHARE) {
        drain_batch(app, budget, &mut report).await?;
    }
    Ok(report)
}

/// Entries leave the stream after the commit. Where that fails they are read again, and are known by
/// their ids then.
async fn drain_batch(
    app: &App,
    budget: Duration,
    report: &mut RecordingsReport,
) -> Result<(), Problem> {
    let mut tx = begin_bounded(&app.db, budget.max(STATEMENT_TIME_MIN)).await?;
    sqlx::query!("SELECT FROM drain_positions WHERE queue = 'recordings' FOR UPDATE")
        .fetch_one(&mut *tx)
        .await?;
    let mut read = redis::cmd("XRANGE");
    read.arg(stream(&app.redis)).arg("-").arg("+").arg("COUNT").arg(BATCH_ENTRIES);
    let entries: StreamRangeReply = app.redis.query_twice(&read).await?;
    report.complete = entries.ids.len() < BATCH_ENTRIES;
    let Some(last) = entries.ids.last() else { return Ok(()) };
    let flushes: Vec<Flush> = entries.ids.iter().filter_map(decode).collect();
    report.damaged += count(entries.ids.len() - flushes.len());
    let new = store(&mut tx, &flushes).await?;
    report.stored += count(new);
    report.repeated += count(flushes.len() - new);
    sqlx::query!(
        "UPDATE drain_positions SET last_stream_id = $1, drained_at = $2 WHERE queue = 'recordings'",
        last.id,
        app.clock.now()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let mut delete = redis::cmd("XDEL");
    delete.arg(stream(&app.redis));
    for entry in &entries.ids {
        delete.arg(&entry.id);
    }
    app.redis.query_twice::<i64>(&delete).await?;
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn decode(entry: &StreamId) -> Option<Flush> {
    let decoded = serde_json::from_str(&entry.get::<String>("data")?);
    decoded.inspect_err(|error| tracing::error!(?error, "recordings cannot be read")).ok()
}

/// Stores the flushes that were not stored before; answers how many.
async fn store(db: &mut PgConnection, flushes: &[Flush]) -> Result<usize, Problem> {
    let ids: Vec<Uuid> = flushes.iter().map(|flush| flush.id).collect();
    let new: HashSet<Uuid> = sqlx::query_scalar!(
        "INSERT INTO recording_flushes (id) SELECT DISTINCT id FROM unnest($1::uuid[]) AS id
         ON CONFLICT DO NOTHING RETURNING id",
        &ids
    )
    .fetch_all(&mut *db)
    .await?
    .into_iter()
    .collect();
    let mut unseen = new.clone();
    let mut recordings = Recordings::default();
    let mut slow: Vec<&SlowOperation> = Vec::new();
    for flush in flushes.iter().filter(|flush| unseen.remove(&flush.id)) {
        flush.recordings.iter().for_each(|row| recordings.merge(row));
        slow.extend(&flush.slow);
    }
    store_recordings(db, recordings).await?;
    store_slow(db, &slow).await?;
    sqlx::query!("DELETE FROM recording_flushes WHERE stored_at < now() - interval '1 day'")
        .execute(db)
        .await?;
    Ok(new.len())
}

/// Adds to what is stored, to the requests of its slots, and marks the hours that change.
async fn store_recordings(db: &mut PgConnection, recordings: Recordings) -> Result<(), Problem> {
    let rows = serde_json::to_value(recordings.into_rows())?;
    sqlx::query!(
        "INSERT INTO recordings AS stored
         SELECT * FROM jsonb_to_recordset($1) AS r (slot timestamptz, metric text, endpoint text,
            status_class smallint, indexes integer[], counts bigint[], sum_ms double precision)
         ON CONFLICT (slot, metric, endpoint, status_class) DO UPDATE SET
            (indexes, counts) = (SELECT * FROM added_histograms(
                stored.indexes, stored.counts, excluded.indexes, excluded.counts)),
            sum_ms = stored.sum_ms + excluded.sum_ms",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO recorded_slots AS stored
         SELECT slot, sum(n)::bigint, coalesce(sum(n) FILTER (WHERE status_class = 5), 0)::bigint
         FROM jsonb_to_recordset($1) AS r (slot timestamptz, metric text, status_class smallint,
            counts bigint[]) CROSS JOIN unnest(counts) AS n
         WHERE metric = 'api_response_time' GROUP BY slot
         ON CONFLICT (slot) DO UPDATE SET requests = stored.requests + excluded.requests,
            failed = stored.failed + excluded.failed",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "INSERT INTO stale_recording_hours
         SELECT DISTINCT date_bin('1 hour', slot, 'epoch')
         FROM jsonb_to_recordset($1) AS r (slot timestamptz)
         ON CONFLICT DO NOTHING",
        rows
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps slow operations, and of those only the latest.
async fn store_slow(db: &mut PgConnection, slow: &[&SlowOperation]) -> Result<(), Problem> {
    if slow.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO slow_operations
            (at, metric, name, statement, duration_ms, endpoint, request_id)
         SELECT * FROM jsonb_to_recordset($1) AS s (at timestamptz, metric text, name text,
            statement text, duration_ms double precision, endpoint text, request_id text)",
        serde_json::to_value(slow)?
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM slow_operations
         WHERE id <= (SELECT id FROM slow_operations ORDER BY id DESC OFFSET $1 LIMIT 1)",
        SLOW_MAX
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a roll-up of recordings did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollUpReport {
    /// Hours that were made, or made anew.
    pub hours: u64,
}

/// Makes the hours that are over from their slots; again where slots came late. Repeating it changes
/// nothing.
pub async fn roll_up_recordings(app: &App, now: DateTime<Utc>) -> Result<RollUpReport, Problem> {
    let this_hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let mut report = RollUpReport::default();
    loop {
        let mut tx = begin_bounded(&app.db, app.config.job_budget).await?;
        let hours = roll_up_some(&mut tx, this_hour).await?;
        tx.commit().await?;
        report.hours += count(hours);
        if hours == 0 {
            return Ok(report);
        }
    }
}

async fn roll_up_some(
    db: &mut PgConnection,
    this_hour: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let hours = sqlx::query_scalar!(
        "DELETE FROM stale_recording_hours WHERE hour IN (
            SELECT hour FROM stale_recording_hours WHERE hour < $1 ORDER BY hour LIMIT $2 FOR UPDATE)
         RETURNING hour",
        this_hour,
        HOURS_PER_BATCH
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM recordings_hourly WHERE hour = ANY($1)", &hours)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "WITH slots AS (
            SELECT hour, r.* FROM unnest($1::timestamptz[]) AS hour
            JOIN recordings AS r ON slot >= hour AND slot < hour + interval '1 hour'
         ), buckets AS (
            SELECT hour, metric, endpoint, status_class, index, sum(count)::bigint AS count
            FROM slots CROSS JOIN LATERAL unnest(indexes, counts) AS bucket (index, count)
            GROUP BY 1, 2, 3, 4, 5
         ), sums AS (
            SELECT hour, metric, endpoint, status_class, sum(sum_ms) AS sum_ms FROM slots
            GROUP BY 1, 2, 3, 4
         )
         INSERT INTO recordings_hourly
         SELECT hour, metric, endpoint, status_class, array_agg(index ORDER BY index),
            array_agg(count ORDER BY index), min(sum_ms)
         FROM buckets JOIN sums USING (hour, metric, endpoint, status_class)
         GROUP BY 1, 2, 3, 4",
        &hours
    )
    .execute(db)
    .await?;
    Ok(hours.len())
}
