//! Which days of the past count otherwise than they did, since events came late.

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::Period;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::{App, begin_report};

/// Most restatements that a report shows.
const LISTED_MAX: i64 = 50;

/// Restatements of the days of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Restatements {
    /// All of them.
    total: i64,
    /// The latest first, at most 50.
    latest: Vec<Restatement>,
}

/// A day that counts otherwise than it did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Restatement {
    /// When the day began, in UTC.
    day: DateTime<Utc>,
    /// When it was counted anew.
    restated_at: DateTime<Utc>,
    /// Visits that it had until then.
    visits_before: i64,
    /// Visits that it has had since.
    visits_after: i64,
}

/// The restatements of the days in UTC that a period touches.
pub(super) async fn restatements(app: &App, period: Period) -> Result<Restatements, sqlx::Error> {
    let mut tx = begin_report(&app.db, app.config.request_timeout).await?;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "total!" FROM restatements
         WHERE day > $1::timestamptz - interval '1 day' AND day < $2"#,
        period.from,
        period.to
    )
    .fetch_one(&mut *tx)
    .await?;
    let latest = sqlx::query_as!(
        Restatement,
        "SELECT day, restated_at, visits_before, visits_after FROM restatements
         WHERE day > $1::timestamptz - interval '1 day' AND day < $2
         ORDER BY restated_at DESC, day DESC LIMIT $3",
        period.from,
        period.to,
        LISTED_MAX
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(Restatements { total, latest })
}
