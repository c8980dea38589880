//! Sessions, conversions and inquiries by hour and day, as they are compared with what is usual.
//!
//! Conversions are the micro conversions of definitions b3, since orders are too few to be compared.
//! Inquiries are visits that asked the maker something.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::Grain;
use sqlx::PgConnection;

/// Numbers of an hour or day, of people from outside who did not refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitCounts {
    /// Visits that began.
    pub sessions: i64,
    /// Of those, with something in the cart or a completed configuration.
    pub conversions: i64,
    /// Of those, with a question to the maker.
    pub inquiries: i64,
}

/// The numbers of the hours or days that begin in a period, from roll-ups, in UTC. One without visits is
/// not among them.
pub async fn visit_counts(
    db: &mut PgConnection,
    period: Period,
    grain: Grain,
) -> Result<BTreeMap<DateTime<Utc>, VisitCounts>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT bucket, visits, micro, leads FROM visit_rollups
         WHERE grain = ($3::text)::rollup_grain AND bucket >= $1 AND bucket < $2
            AND population = 'eligible'"#,
        period.from,
        period.to,
        grain.as_str()
    )
    .fetch_all(db)
    .await?;
    let counts = rows.into_iter().map(|row| {
        let (sessions, conversions, inquiries) = (row.visits, row.micro, row.leads);
        (row.bucket, VisitCounts { sessions, conversions, inquiries })
    });
    Ok(counts.collect())
}

/// Whether all visits that began before a moment are projected, and the roll-ups before it made.
pub async fn is_projected_up_to(
    db: &mut PgConnection,
    moment: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (SELECT FROM stale_hours WHERE hour < $1)
            AND NOT EXISTS (
                SELECT FROM stale_visits AS stale JOIN user_sessions USING (session_key)
                WHERE started_at < $1 AND NOT EXISTS (
                    SELECT FROM visits WHERE visits.session_key = stale.session_key)) AS "projected!""#,
        moment
    )
    .fetch_one(db)
    .await
}

/// By what a move is explained.
const DIMENSIONS: [&str; 2] = ["device", "channel"];

/// The numbers of some periods by device and by channel: of each dimension and value, one a period.
pub async fn visit_counts_by_part(
    db: &mut PgConnection,
    periods: &[Period],
) -> Result<BTreeMap<(String, String), Vec<VisitCounts>>, sqlx::Error> {
    let (from, to): (Vec<_>, Vec<_>) =
        periods.iter().map(|period| (period.from, period.to)).unzip();
    let rows = sqlx::query!(
        r#"SELECT place AS "place!", dimension AS "dimension!", value AS "value!",
            count(*) AS "sessions!",
            count(*) FILTER (WHERE cart_at IS NOT NULL OR completed_at IS NOT NULL) AS "conversions!",
            count(lead_at) AS "inquiries!"
         FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS t (since, until, place)
         JOIN visits ON started_at >= since AND started_at < until AND population = 'eligible'
         CROSS JOIN LATERAL (VALUES ($3, device), ($4, channel)) AS part (dimension, value)
         GROUP BY 1, 2, 3"#,
        &from,
        &to,
        DIMENSIONS[0],
        DIMENSIONS[1],
    )
    .fetch_all(db)
    .await?;
    let mut parts: BTreeMap<(String, String), Vec<VisitCounts>> = BTreeMap::new();
    for row in rows {
        let series = parts.entry((row.dimension, row.value)).or_default();
        series.resize(periods.len(), VisitCounts::default());
        let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let Some(counts) = series.get_mut(place) {
            let (sessions, conversions, inquiries) = (row.sessions, row.conversions, row.inquiries);
            *counts = VisitCounts { sessions, conversions, inquiries };
        }
    }
    Ok(parts)
}
