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
    pub warnings: Vec<MetaWarning>,
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

/// What a reader of a report must know, for programs and in words.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetaWarning {
    /// Which it is.
    code: Warning,
    /// It in words.
    #[schema(value_type = String)]
    message: &'static str,
}

/// Which thing a reader of a report must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MetaWarningCode)]
pub enum Warning {
    /// Everybody counts, whatever the population.
    EverybodyCounts,
    /// No order is confirmed: completed configurations and claims of payment.
    NoConfirmedOrder,
    /// Times between steps are exact to 2.2 %.
    TimesApproximate,
    /// Attempts that have time left are in the steps; see `incomplete`.
    AttemptsIncomplete,
    /// Visitors are known only where they agreed to be.
    VisitorsByConsent,
    /// What came next is told from at most 100 units a step.
    NextFromSample,
    /// Whole days in UTC are counted, of every visitor, whatever the population.
    WholeUtcDaysOfEverybody,
    /// Dead clicks are those that the client reports: only it sees the page.
    DeadClicksByClient,
    /// Days with new events are about to be counted anew.
    DaysToRecount,
    /// No visit of the range converted: removal effects are unknown.
    NoConversion,
    /// Older cohorts had more time to return later.
    OlderCohortsLonger,
    /// Redis is unavailable: sessions not yet stored are missing.
    RedisUnavailable,
    /// The database is unavailable: the lag is unknown.
    DatabaseUnavailable,
    /// Pages and devices are those of the latest 500 sessions.
    LatestSessionsOnly,
    /// A visitor of today's front end who begins to configure has two visits.
    FrontEndTwoVisits,
    /// Leads are forms that the browser says were sent, until inquiries are stored.
    LeadsClaimed,
    /// Differences in conversion are associations, not effects.
    AssociationsOnly,
    /// Sessions that did not say what they were shown count as shown everything.
    UnknownCountsAsShown,
    /// The session has more events than a journey covers: the first 50,000.
    FirstEventsOnly,
}

impl Warning {
    const fn message(self) -> &'static str {
        match self {
            Self::EverybodyCounts => "everybody counts, whatever the population",
            Self::NoConfirmedOrder => {
                "no order is confirmed: completed configurations and claims of payment"
            }
            Self::TimesApproximate => "times between steps are exact to 2.2 %",
            Self::AttemptsIncomplete => {
                "attempts that have time left are in the steps; see `incomplete`"
            }
            Self::VisitorsByConsent => "visitors are known only where they agreed to be",
            Self::NextFromSample => "what came next is told from at most 100 units a step",
            Self::WholeUtcDaysOfEverybody => {
                "whole days in UTC are counted, of every visitor, whatever the population"
            }
            Self::DeadClicksByClient => {
                "dead clicks are those that the client reports: only it sees the page"
            }
            Self::DaysToRecount => "days with new events are about to be counted anew",
            Self::NoConversion => "no visit of the range converted: removal effects are unknown",
            Self::OlderCohortsLonger => "older cohorts had more time to return later",
            Self::RedisUnavailable => "redis is unavailable: sessions not yet stored are missing",
            Self::DatabaseUnavailable => "the database is unavailable: the lag is unknown",
            Self::LatestSessionsOnly => "pages and devices are those of the latest 500 sessions",
            Self::FrontEndTwoVisits => {
                "a visitor of today's front end who begins to configure has two visits"
            }
            Self::LeadsClaimed => {
                "leads are forms that the browser says were sent, until inquiries are stored"
            }
            Self::AssociationsOnly => "differences in conversion are associations, not effects",
            Self::UnknownCountsAsShown => {
                "sessions that did not say what they were shown count as shown everything"
            }
            Self::FirstEventsOnly => {
                "the session has more events than a journey covers: the first 50,000"
            }
        }
    }
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

    /// Adds what a reader must know.
    pub fn warn(&mut self, warning: Warning) {
        self.warnings.push(MetaWarning { code: warning, message: warning.message() });
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
