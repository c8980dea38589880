//! Failed events, and requests that went past the queue: both are counted by the ledger, which keeps how
//! many there were.

use nest_haus_domain::operations::Cutoffs;

use super::{ROWS_PER_BATCH, Removed, Sweep};
use crate::platform::App;

/// Removes dead letters and names of direct entries that are older than they are kept.
pub(super) async fn remove(sweep: &Sweep) -> Result<Vec<Removed>, sqlx::Error> {
    let before = sweep.cutoffs.failed;
    let mut letters = Removed::new("failed", "dead_letters", before);
    while sweep.in_time() {
        let rows = remove_letters(&sweep.app, &sweep.cutoffs).await?;
        letters.rows += rows;
        if rows < ROWS_PER_BATCH {
            break;
        }
    }
    let mut entries = Removed::new("failed", "direct_entries", before);
    while sweep.in_time() {
        let rows = remove_direct_entries(&sweep.app, &sweep.cutoffs).await?;
        entries.rows += rows;
        if rows < ROWS_PER_BATCH {
            break;
        }
    }
    Ok(vec![letters, entries])
}

async fn remove_letters(app: &App, cutoffs: &Cutoffs) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH gone AS (
            DELETE FROM dead_letters WHERE id IN (
                SELECT id FROM dead_letters WHERE created_at < $1
                ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING session_key, stage, events, replayed_at
         ), counted AS (
            SELECT session_key, count(*) FILTER (WHERE stage = 'rejected') AS rejected,
                coalesce(sum(events) FILTER (WHERE stage = 'dead' AND replayed_at IS NULL), 0) AS dead
            FROM gone GROUP BY session_key
         ), locked AS (
            SELECT session_key FROM ledger
            WHERE session_key IN (SELECT session_key FROM counted)
            ORDER BY session_key FOR UPDATE
         ), noted AS (
            UPDATE ledger SET removed_rejected = removed_rejected + counted.rejected,
                removed_dead = removed_dead + counted.dead
            FROM counted JOIN locked USING (session_key)
            WHERE ledger.session_key = counted.session_key
         )
         SELECT count(*) AS "rows!" FROM gone"#,
        cutoffs.failed,
        ROWS_PER_BATCH
    )
    .fetch_one(&app.db)
    .await
}

async fn remove_direct_entries(app: &App, cutoffs: &Cutoffs) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH gone AS (
            DELETE FROM direct_entries WHERE entry_id IN (
                SELECT entry_id FROM direct_entries WHERE stored_at < $1
                ORDER BY stored_at LIMIT $2 FOR UPDATE SKIP LOCKED)
            RETURNING queue, received, in_queue
         ), noted AS (
            INSERT INTO removed_direct_entries AS sums (queue, received)
            SELECT queue, sum(received) FROM gone WHERE NOT in_queue GROUP BY queue
            ON CONFLICT (queue) DO UPDATE SET received = sums.received + excluded.received
         )
         SELECT count(*) AS "rows!" FROM gone"#,
        cutoffs.failed,
        ROWS_PER_BATCH
    )
    .fetch_one(&app.db)
    .await
}

/// The dead letters and names of direct entries that would go.
pub(super) async fn preview(app: &App, cutoffs: &Cutoffs) -> Result<Vec<Removed>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM dead_letters WHERE created_at < $1) AS "letters!",
            (SELECT count(*) FROM direct_entries WHERE stored_at < $1) AS "entries!""#,
        cutoffs.failed
    )
    .fetch_one(&app.db)
    .await?;
    let of = |table, rows| Removed { rows, ..Removed::new("failed", table, cutoffs.failed) };
    Ok(vec![of("dead_letters", counts.letters), of("direct_entries", counts.entries)])
}
