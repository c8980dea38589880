//! Sessions without events, and the visits of others: what is known of a session goes with its last event.

use chrono::{DateTime, Utc};
use nest_haus_domain::operations::Cutoffs;
use sqlx::PgTransaction;
use uuid::Uuid;

use super::{ROWS_PER_BATCH, Removed, Sweep, events};
use crate::platform::{App, begin};

/// Sessions that one transaction removes.
const SESSIONS_PER_BATCH: i64 = 500;

/// Removes sessions whose last activity is older than events are kept, and visits that ended before.
pub(super) async fn remove(sweep: &Sweep) -> Result<Vec<Removed>, sqlx::Error> {
    let (app, cutoff) = (&sweep.app, sweep.cutoffs.raw);
    let mut sessions = Removed::new("raw", "user_sessions", cutoff);
    let mut visits = Removed::new("raw", "visits", cutoff);
    // Until all of its events are counted a session's ledger is needed.
    if !events::are_being_removed(app).await? {
        let mut after = (DateTime::<Utc>::MIN_UTC, Uuid::nil());
        while sweep.in_time() {
            let candidates = candidates(app, cutoff, after).await?;
            let Some(last) = candidates.last() else { break };
            after = *last;
            let keys: Vec<Uuid> = candidates.into_iter().map(|(_, key)| key).collect();
            sessions.rows += remove_sessions(app, &keys, cutoff).await?;
        }
    }
    while sweep.in_time() {
        let rows = remove_visits(app, cutoff).await?;
        visits.rows += rows;
        if rows < ROWS_PER_BATCH {
            break;
        }
    }
    Ok(vec![sessions, visits])
}

/// The next sessions that may have ended before an instant, in the order in which they began.
async fn candidates(
    app: &App,
    cutoff: DateTime<Utc>,
    after: (DateTime<Utc>, Uuid),
) -> Result<Vec<(DateTime<Utc>, Uuid)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT started_at, session_key FROM user_sessions
         WHERE started_at < $1 AND coalesce(last_activity_at, started_at) < $1
            AND (started_at, session_key) > ($2, $3)
         ORDER BY started_at, session_key LIMIT $4",
        cutoff,
        after.0.max(DateTime::UNIX_EPOCH),
        after.1,
        SESSIONS_PER_BATCH
    )
    .fetch_all(&app.db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.started_at, row.session_key)).collect())
}

/// Removes those of some sessions that have no events left; answers how many.
async fn remove_sessions(
    app: &App,
    keys: &[Uuid],
    cutoff: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let mut tx = begin(&app.db).await?;
    let gone = lock_without_events(&mut tx, keys, cutoff).await?;
    sqlx::query!(
        "WITH sessions AS (DELETE FROM user_sessions WHERE session_key = ANY($1)),
            facts AS (DELETE FROM session_facts WHERE session_key = ANY($1)),
            of_visits AS (DELETE FROM visits WHERE session_key = ANY($1)),
            of_paths AS (DELETE FROM visit_paths WHERE session_key = ANY($1)),
            of_votes AS (DELETE FROM votes WHERE session_key = ANY($1))
         DELETE FROM configuration_changes WHERE session_key = ANY($1)",
        &gone
    )
    .execute(&mut *tx)
    .await?;
    fold_sequences(&mut tx, &gone).await?;
    fold_ledger(&mut tx, &gone).await?;
    tx.commit().await?;
    Ok(i64::try_from(gone.len()).unwrap_or(i64::MAX))
}

/// Keeps others from storing events of some sessions, and answers which of these have none.
async fn lock_without_events(
    tx: &mut PgTransaction<'_>,
    keys: &[Uuid],
    cutoff: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query!(
        "SELECT session_key FROM session_facts WHERE session_key = ANY($1)
         ORDER BY session_key FOR UPDATE",
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query_scalar!(
        "SELECT s.session_key FROM user_sessions AS s
         WHERE s.session_key = ANY($1) AND coalesce(s.last_activity_at, s.started_at) < $2
            AND NOT EXISTS (SELECT FROM interaction_events AS e WHERE e.session_key = s.session_key)
            AND NOT EXISTS (
                SELECT FROM configuration_snapshots AS e WHERE e.session_key = s.session_key)
            AND NOT EXISTS (SELECT FROM session_events AS e WHERE e.session_key = s.session_key)
            AND NOT EXISTS (SELECT FROM performance_metrics AS e WHERE e.session_key = s.session_key)",
        keys,
        cutoff
    )
    .fetch_all(&mut **tx)
    .await
}

/// Adds what is known of numbered events to the sums of what is gone.
async fn fold_sequences(tx: &mut PgTransaction<'_>, keys: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (
            DELETE FROM sequences WHERE session_key = ANY($1)
            RETURNING emitted, stored, rejected, dead, erased, dropped_events(dropped_local) AS dropped
         )
         INSERT INTO removed_sequences AS sums
         SELECT emitted < stored + rejected + dead + erased + dropped, sum(emitted), sum(stored),
            sum(rejected), sum(dead), sum(erased), sum(dropped)
         FROM gone GROUP BY 1
         ON CONFLICT (overcounted) DO UPDATE SET
            emitted = sums.emitted + excluded.emitted, stored = sums.stored + excluded.stored,
            rejected = sums.rejected + excluded.rejected, dead = sums.dead + excluded.dead,
            erased = sums.erased + excluded.erased, dropped = sums.dropped + excluded.dropped",
        keys
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts what sessions sent among the events without a session.
async fn fold_ledger(tx: &mut PgTransaction<'_>, keys: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM ledger WHERE session_key = ANY($1) RETURNING *)
         INSERT INTO ledger AS sums (session_key, received, stored, rejected, duplicate, dead,
            unnumbered, removed, removed_rejected, removed_dead)
         SELECT $2, sum(received), sum(stored), sum(rejected), sum(duplicate), sum(dead),
            sum(unnumbered), sum(removed), sum(removed_rejected), sum(removed_dead)
         FROM gone HAVING count(*) > 0
         ON CONFLICT (session_key) DO UPDATE SET
            received = sums.received + excluded.received, stored = sums.stored + excluded.stored,
            rejected = sums.rejected + excluded.rejected,
            duplicate = sums.duplicate + excluded.duplicate, dead = sums.dead + excluded.dead,
            unnumbered = sums.unnumbered + excluded.unnumbered,
            removed = sums.removed + excluded.removed,
            removed_rejected = sums.removed_rejected + excluded.removed_rejected,
            removed_dead = sums.removed_dead + excluded.removed_dead",
        keys,
        Uuid::nil()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes some visits that ended before an instant, of sessions that went on later.
async fn remove_visits(app: &App, cutoff: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH gone AS (
            DELETE FROM visits WHERE (session_key, number) IN (
                SELECT session_key, number FROM visits
                WHERE started_at < $1 AND ended_at < $1 LIMIT $2)
            RETURNING session_key, number
         ), paths AS (
            DELETE FROM visit_paths AS path USING gone
            WHERE (path.session_key, path.number) = (gone.session_key, gone.number)
         )
         SELECT count(*) AS "rows!" FROM gone"#,
        cutoff,
        ROWS_PER_BATCH
    )
    .fetch_one(&app.db)
    .await
}

/// The sessions and visits that would go. Sessions with events that belong to a later month go with these.
pub(super) async fn preview(app: &App, cutoffs: &Cutoffs) -> Result<Vec<Removed>, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT
            (SELECT count(*) FROM user_sessions
             WHERE started_at < $1 AND coalesce(last_activity_at, started_at) < $1) AS "sessions!",
            (SELECT count(*) FROM visits WHERE started_at < $1 AND ended_at < $1) AS "visits!""#,
        cutoffs.raw
    )
    .fetch_one(&app.db)
    .await?;
    let of = |table, rows| Removed { rows, ..Removed::new("raw", table, cutoffs.raw) };
    Ok(vec![of("user_sessions", counts.sessions), of("visits", counts.visits)])
}
