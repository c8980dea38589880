//! What is kept of sessions, links and wrong tries for a while only.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgTransaction;

/// How long after its end something is kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// Most rows that go at once, of each kind: whoever signs in does not wait for a backlog.
const ROWS_MAX: i64 = 1000;

/// Deletes sessions, links and wrong tries that ended long ago. Rows that somebody else is busy with
/// stay for the next time.
pub async fn sweep(tx: &mut PgTransaction<'_>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let before = now - KEPT;
    sqlx::query!(
        "DELETE FROM admin_sessions WHERE id IN (
            SELECT id FROM admin_sessions WHERE least(ended_at, expires_at) < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        ROWS_MAX
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM password_links WHERE token_hash IN (
            SELECT token_hash FROM password_links WHERE least(ended_at, expires_at) < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        ROWS_MAX
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM login_failures WHERE email_hash IN (
            SELECT email_hash FROM login_failures WHERE locked_until < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        ROWS_MAX
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
