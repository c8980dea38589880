//! What every report says about itself (definitions b0.9).

use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{Period, Population, Populations, Zone};
use nest_haus_domain::tracking::Kind;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::range::Range;
use crate::queue::QueueStatus;

/// What a report says about itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Names the definition.
    #[schema(value_type = String)]
    pub metric_id: &'static str,
    /// Version of the definition.
    pub metric_version: u32,
    /// The zone that days are counted in.
    #[schema(value_type = String)]
    pub tz: &'static str,
    /// First instant covered.
    pub from: Option<DateTime<Utc>>,
    /// First instant after the range.
    pub to: Option<DateTime<Utc>>,
    /// When the report was made.
    pub as_of: DateTime<Utc>,
    /// Events received before this instant are all in it; nothing if the queue cannot be asked.
    pub watermark: Option<DateTime<Utc>>,
    /// Whether the range is still running.
    pub partial: bool,
    /// Whom the numbers count: `eligible` or `all`.
    pub population: Populations,
    /// Visits left out, by reason.
    pub excluded: Excluded,
    /// Whether a sample was read.
    pub sampled: bool,
    /// Whether numbers are approximate.
    pub approx: bool,
    /// What a reader must know.
    #[schema(value_type = Vec<String>)]
    pub warnings: Vec<&'static str>,
}

/// Visits left out of a report, by reason.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Excluded {
    /// Robots.
    pub bot: i64,
    /// The maker's own people.
    pub internal: i64,
    /// Visitors who refused to be analysed.
    pub no_consent: i64,
    /// Events too late for live numbers.
    pub late: i64,
}

impl Meta {
    /// What a report made now says about itself, given the state of the queue if it could be asked.
    pub(super) fn of(
        metric_id: &'static str,
        period: Option<Period>,
        queues: Option<&[(Kind, QueueStatus)]>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            metric_id,
            metric_version: 1,
            tz: Zone::UTC.name(),
            from: period.map(|period| period.from),
            to: period.map(|period| period.to),
            as_of: now,
            watermark: queues.map(|queues| watermark(queues, now)),
            partial: period.is_none_or(|period| period.to >= now),
            population: Populations::default(),
            excluded: Excluded::default(),
            sampled: false,
            approx: false,
            warnings: Vec::new(),
        }
    }

    /// What a report on a range says about itself.
    #[must_use]
    pub fn of_range(
        metric_id: &'static str,
        range: &Range,
        queues: Option<&[(Kind, QueueStatus)]>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            tz: range.zone.name(),
            population: range.populations,
            ..Self::of(metric_id, Some(range.period), queues, now)
        }
    }
}

/// The visits that a report on a range leaves out, by reason; none where it counts everything.
pub(super) async fn excluded(
    db: &mut PgConnection,
    populations: Populations,
    period: Period,
) -> Result<Excluded, sqlx::Error> {
    if populations == Populations::All {
        return Ok(Excluded::default());
    }
    let rows = sqlx::query!(
        r#"SELECT population::text AS "population!", sum(visits)::bigint AS "visits!"
         FROM visit_sums($1, $2) GROUP BY population"#,
        period.from,
        period.to
    )
    .fetch_all(db)
    .await?;
    let of = |population: Population| {
        let found = rows.iter().find(|row| row.population == population.as_str());
        found.map_or(0, |row| row.visits)
    };
    Ok(Excluded {
        bot: of(Population::Bot),
        internal: of(Population::Internal),
        no_consent: of(Population::NoConsent),
        ..Excluded::default()
    })
}

/// The arrival of the oldest entry that is not drained; now, where the queue is empty.
fn watermark(queues: &[(Kind, QueueStatus)], now: DateTime<Utc>) -> DateTime<Utc> {
    let oldest = queues.iter().filter_map(|(_, status)| status.oldest_at).min();
    oldest.map_or(now, |oldest| oldest.min(now))
}
