//! Kept reports in the database. Nothing changes one once it is there.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Period, Zone};
use serde_json::Value;
use sqlx::PgTransaction;
use uuid::Uuid;

use super::Kind;
use crate::platform::App;

/// A report that was just made.
pub(super) struct NewReport {
    pub(super) kind: Kind,
    pub(super) period: Period,
    pub(super) zone: Zone,
    pub(super) report: Value,
}

/// A report that was kept.
pub(super) struct KeptReport {
    pub(super) kind: Kind,
    pub(super) from: DateTime<Utc>,
    pub(super) report: Value,
}

/// The end of the last period of which there is a report of a kind.
pub(super) async fn last_made_to(
    app: &App,
    kind: Kind,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT max(period_to) FROM stored_reports WHERE kind = $1", kind.as_str())
        .fetch_one(&app.db)
        .await
}

/// Keeps a report and answers its id; nothing if there is one of its period.
pub(super) async fn keep(
    tx: &mut PgTransaction<'_>,
    new: &NewReport,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "INSERT INTO stored_reports (id, kind, period_from, period_to, time_zone, made_at, report)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (kind, period_from, period_to) DO NOTHING RETURNING id",
        Uuid::now_v7(),
        new.kind.as_str(),
        new.period.from,
        new.period.to,
        new.zone.name(),
        now,
        new.report
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The report of an id.
pub(super) async fn find(app: &App, id: Uuid) -> Result<Option<KeptReport>, sqlx::Error> {
    let row =
        sqlx::query!("SELECT kind, period_from, report FROM stored_reports WHERE id = $1", id)
            .fetch_optional(&app.db)
            .await?;
    Ok(row.and_then(|row| {
        let kind = Kind::of_name(&row.kind)?;
        Some(KeptReport { kind, from: row.period_from, report: row.report })
    }))
}
