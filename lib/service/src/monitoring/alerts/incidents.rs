//! Incidents in the database.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{Incident, IncidentState, RuleId};
use nest_haus_domain::notifications::Line;
use sqlx::PgConnection;
use uuid::Uuid;

/// What was over longer ago does not begin again: the longest cool-down.
pub(super) const COOL_DOWN_MAX: TimeDelta = TimeDelta::days(7);

/// Evaluations wait for each other.
const ADVISORY_LOCK: i64 = 0x6e68_616c_6572_7401;

/// What an incident is of.
pub(super) type Key = (RuleId, String);

/// An incident with what the database knows of it besides.
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) incident: Incident,
    pub(super) is_notified: bool,
}

/// Takes the lock until the transaction ends.
pub(super) async fn lock(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK).execute(db).await?;
    Ok(())
}

/// The latest incident of every rule and subject, as far as it matters: open, or over not long ago.
pub(super) async fn latest(
    db: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Key, Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (rule, subject) id, rule, subject, state, started_at, resolved_at, value,
            count, peak, calm, measured_at, reopened, notified_at, acknowledged_at
         FROM alerts WHERE state <> 'resolved' OR resolved_at >= $1
         ORDER BY rule, subject, started_at DESC, id DESC",
        now - COOL_DOWN_MAX
    )
    .fetch_all(db)
    .await?;
    // A rule that this release does not know is left alone.
    let stored = rows.into_iter().filter_map(|row| {
        let incident = Incident {
            state: IncidentState::of_name(&row.state)?,
            started_at: row.started_at,
            resolved_at: row.resolved_at,
            is_acknowledged: row.acknowledged_at.is_some(),
            reopened: row.reopened,
            value: row.value,
            count: row.count,
            peak: row.peak,
            calm: row.calm,
            measured_at: row.measured_at,
        };
        let key = (RuleId::of_name(&row.rule)?, row.subject);
        let is_notified = row.notified_at.is_some();
        Some((key, Stored { id: row.id, incident, is_notified }))
    });
    Ok(stored.collect())
}

/// What is written of an incident besides its course.
pub(super) struct About<'a> {
    pub(super) severity: &'a str,
    pub(super) threshold: f64,
    /// Nothing keeps what there is.
    pub(super) detail: Option<&'a [Line]>,
    pub(super) notified_at: Option<DateTime<Utc>>,
}

/// Writes an incident. What people did to it stays.
pub(super) async fn write(
    db: &mut PgConnection,
    (rule, subject): &Key,
    (id, incident): (Uuid, &Incident),
    about: &About<'_>,
) -> Result<(), sqlx::Error> {
    let detail = about.detail.map(serde_json::to_value).transpose();
    let detail = detail.map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "INSERT INTO alerts AS stored
            (id, rule, subject, severity, state, started_at, resolved_at, value, threshold, count, peak,
             detail, calm, measured_at, reopened, notified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, coalesce($12, '[]'::jsonb), $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, resolved_at = excluded.resolved_at,
            value = excluded.value, count = excluded.count, peak = excluded.peak,
            detail = coalesce($12, stored.detail), calm = excluded.calm,
            measured_at = excluded.measured_at, reopened = excluded.reopened,
            notified_at = coalesce(stored.notified_at, excluded.notified_at)",
        id,
        rule.as_str(),
        subject,
        about.severity,
        incident.state.as_str(),
        incident.started_at,
        incident.resolved_at,
        incident.value,
        about.threshold,
        incident.count,
        incident.peak,
        detail,
        incident.calm,
        incident.measured_at,
        incident.reopened,
        about.notified_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The threshold and the details that an incident has so far.
pub(super) async fn details(
    db: &mut PgConnection,
    id: Uuid,
) -> Result<(f64, Vec<Line>), sqlx::Error> {
    let row = sqlx::query!("SELECT threshold, detail FROM alerts WHERE id = $1", id)
        .fetch_one(db)
        .await?;
    Ok((row.threshold, serde_json::from_value(row.detail).unwrap_or_default()))
}
