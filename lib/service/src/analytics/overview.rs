//! Headline numbers over a period (definitions b1, b3, b13).

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{
    Bucket, FUNNEL_STEPS, Interval, Period, Populations, Rate, RateChange, buckets,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::change::ratio;
use super::meta::{self, Meta, Warning};
use super::popular;
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use super::sums::{ConversionChanges, Conversions, Sums, Times, VisitTime, sums, times};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// How the series is cut.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// `hour`, `day`, `week` or `month`; what fits the range, if left out.
    #[param(value_type = Option<String>)]
    interval: Option<Interval>,
}

/// Headline numbers over a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The period asked for.
    current: Headline,
    /// The period that it is compared with, as much of it as has passed of this one.
    previous: Option<ComparedHeadline>,
    /// The period cut by hours, days, weeks or months of the zone, without gaps.
    series: Vec<Point>,
    /// The configurations chosen most often, as of the latest report on popular configurations.
    #[schema(value_type = Option<popular::KeptTop>)]
    popular: Option<Value>,
    /// What the report says about itself.
    meta: Meta,
}

/// Headline numbers. A visit counts in the period that it began in, a payment when it was paid.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// What can be added up of the visits.
    #[serde(flatten)]
    sums: Sums,
    /// Visits that converted, of all visits.
    session_conversion: Conversions,
    /// Visits that converted, of those with a selection.
    configurator_conversion: Conversions,
    /// Visits of one page, without deed and with less than ten seconds of attention.
    bounce_rate: Rate,
    /// All other visits.
    engaged_rate: Rate,
    /// Numbered events of which it is known what became, of all numbered events.
    capture_rate: Rate,
    /// How long visits took.
    duration: Times,
    /// How long visitors paid attention.
    engaged: Times,
    /// People, as far as they agreed to be known again.
    visitors: Visitors,
    /// Money.
    revenue: Revenue,
    /// Visits by the step of the configurator funnel that they came to.
    funnel: Vec<ReachedStep>,
}

/// A step of the configurator funnel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReachedStep {
    /// `visit`, `configuration`, `cart`, `completion` or `order`.
    #[schema(value_type = String)]
    step: &'static str,
    /// Visits that came to it, of all visits.
    reached: Rate,
}

/// People, as far as they agreed to be known again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Visitors {
    /// Different visitors.
    identified: i64,
    /// Of those, visitors whose first visit ever was in the period.
    new: i64,
    /// Visits of visitors who agreed, of all visits.
    coverage: Rate,
}

/// Money: what was captured less what was refunded, recognised when it was paid. A payment counts for whom
/// its visit counts for, and for everybody where no visit is known.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revenue {
    /// What came in, in cents.
    captured_cents: i64,
    /// What went back, in cents.
    refunded_cents: i64,
    /// The difference, in cents.
    net_cents: i64,
    /// Always `EUR`; other currencies are converted at the rate of the payment.
    #[schema(value_type = String)]
    currency: &'static str,
    /// Orders with a payment.
    orders: i64,
    /// Net revenue by order, in cents.
    average_order_cents: Option<i64>,
    /// Net revenue by visit, in cents.
    per_visit_cents: Option<i64>,
}

/// Headline numbers of the period that this one is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedHeadline {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// The numbers.
    #[serde(flatten)]
    headline: Headline,
    /// How the numbers of the period differ from these.
    changes: Changes,
}

/// How numbers changed. Counts by their ratio less one; rates in percentage points.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Of visits; nothing where there were none.
    visits: Option<f64>,
    /// Of visits with a selection.
    configuring: Option<f64>,
    /// Of net revenue; nothing where there was none.
    net_revenue: Option<f64>,
    /// Of conversion by visit.
    session_conversion: ConversionChanges,
    /// Of conversion by visit with a selection.
    configurator_conversion: ConversionChanges,
    /// Of the bounce rate.
    bounce_rate: RateChange,
}

/// A part of the period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// When the hour, day, week or month began, by the clock of the zone.
    label: String,
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Whether the period holds only a part of it, or it is still running.
    partial: bool,
    /// What can be added up of the visits.
    #[serde(flatten)]
    sums: Sums,
}

/// Headline numbers over a period, compared with another.
#[utoipa::path(
    get, path = "/api/admin/analytics/overview", tag = "analytics",
    params(RangeQuery, ComparisonQuery, OverviewQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The numbers.", body = Overview),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 422, description = "Unknown range or parameter.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn overview(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<OverviewQuery>,
) -> Result<Json<Overview>, Problem> {
    let interval = query.interval.unwrap_or_else(|| Interval::of_period(range.period));
    let parts = buckets(range.period, interval, range.zone, cx.now);
    if parts.last().is_none_or(|last| last.period.to < range.period.to) {
        let message = "too short for the range: use a longer one";
        return Err(Problem::field(FieldError::new("interval", "invalid", message)));
    }
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("overview", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let periods = parts.iter().map(|part| part.period);
    let periods: Vec<Period> =
        [range.period].into_iter().chain(comparison).chain(periods).collect();
    let mut sums = sums(&mut tx, &periods, range.populations).await?.into_iter();
    let current = headline(&mut tx, &range, sums.next().unwrap_or_default()).await?;
    let previous = match comparison {
        Some(period) => {
            let range = range.over(period);
            let before = headline(&mut tx, &range, sums.next().unwrap_or_default()).await?;
            Some(compared(period, before, &current))
        }
        None => None,
    };
    let series = parts.iter().zip(sums).map(|part| Point::new(part, &range)).collect();
    let popular = popular::kept_top(&mut tx, range.name).await?;
    meta.excluded = meta::excluded(&mut tx, range.populations, range.period).await?;
    meta.approx = current.duration.approx;
    meta.warn(Warning::FrontEndTwoVisits);
    meta.warn(Warning::LeadsClaimed);
    Ok(Json(Overview { current, previous, series, popular, meta }))
}

async fn headline(
    db: &mut PgConnection,
    range: &Range,
    sums: Sums,
) -> Result<Headline, sqlx::Error> {
    let duration = times(db, range, &sums, VisitTime::Duration).await?;
    let engaged = times(db, range, &sums, VisitTime::Engaged).await?;
    let visitors = visitors(db, range, &sums).await?;
    let revenue = revenue(db, range, sums.visits).await?;
    let step = |(step, reached): (&'static str, &i64)| ReachedStep {
        step,
        reached: Rate::new(*reached, sums.visits),
    };
    Ok(Headline {
        session_conversion: sums.session_conversion(),
        configurator_conversion: sums.configurator_conversion(),
        bounce_rate: sums.bounce_rate(),
        engaged_rate: sums.engaged_rate(),
        capture_rate: sums.capture_rate(),
        duration,
        engaged,
        visitors,
        revenue,
        funnel: FUNNEL_STEPS.into_iter().zip(&sums.reached).map(step).collect(),
        sums,
    })
}

fn compared(Period { from, to }: Period, before: Headline, current: &Headline) -> ComparedHeadline {
    let changes = Changes {
        visits: ratio(current.sums.visits, before.sums.visits),
        configuring: ratio(current.sums.configuring, before.sums.configuring),
        net_revenue: ratio(current.revenue.net_cents, before.revenue.net_cents),
        session_conversion: current.session_conversion.changes_since(&before.session_conversion),
        configurator_conversion: current
            .configurator_conversion
            .changes_since(&before.configurator_conversion),
        bounce_rate: RateChange::between(before.bounce_rate, current.bounce_rate),
    };
    ComparedHeadline { from, to, headline: before, changes }
}

impl Point {
    fn new((part, sums): (&Bucket, Sums), range: &Range) -> Self {
        Self {
            label: range.zone.label(part.start),
            from: part.period.from,
            to: part.period.to,
            partial: part.partial,
            sums,
        }
    }
}

/// Different visitors: each counts with the first visit that it made in the period.
async fn visitors(
    db: &mut PgConnection,
    range: &Range,
    sums: &Sums,
) -> Result<Visitors, sqlx::Error> {
    let row = if range.populations == Populations::Eligible {
        sqlx::query!(
            r#"SELECT count(*) AS "identified!", count(*) FILTER (WHERE first_visit_at >= $1) AS "new!"
             FROM visits WHERE started_at >= $1 AND started_at < $2 AND population = 'eligible'
                AND first_visit_at IS NOT NULL AND (previous_visit_at IS NULL OR previous_visit_at < $1)"#,
            range.period.from,
            range.period.to
        )
        .fetch_one(db)
        .await
        .map(|row| (row.identified, row.new))
    } else {
        sqlx::query!(
            r#"SELECT count(*) AS "identified!", count(*) FILTER (WHERE first_visit_at >= $1) AS "new!"
             FROM visits WHERE started_at >= $1 AND started_at < $2
                AND first_visit_at IS NOT NULL AND (previous_visit_at IS NULL OR previous_visit_at < $1)"#,
            range.period.from,
            range.period.to
        )
        .fetch_one(db)
        .await
        .map(|row| (row.identified, row.new))
    };
    let (identified, new) = row?;
    Ok(Visitors { identified, new, coverage: sums.consent_coverage() })
}

/// What was paid in a range. A payment counts for whom its visit counts for, the last one of its session,
/// or else of its order's session, that began before it; where no visit is known, for everybody.
async fn revenue(
    db: &mut PgConnection,
    range: &Range,
    visits: i64,
) -> Result<Revenue, sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH paid AS (
            SELECT eur_cents, kind, order_id, paid_at, coalesce(session_key, (
                SELECT session_key FROM payments AS of_order
                WHERE of_order.order_id = payment.order_id AND session_key IS NOT NULL
                ORDER BY paid_at LIMIT 1)) AS session_key
            FROM payments AS payment WHERE paid_at >= $1 AND paid_at < $2)
         SELECT coalesce(sum(eur_cents) FILTER (WHERE kind = 'captured'), 0)::bigint AS "captured!",
            coalesce(sum(eur_cents) FILTER (WHERE kind = 'refunded'), 0)::bigint AS "refunded!",
            count(DISTINCT order_id) FILTER (WHERE kind = 'captured') AS "orders!"
         FROM paid
         WHERE NOT EXISTS (
            SELECT FROM visits AS near
            WHERE NOT $3 AND near.session_key = paid.session_key AND near.started_at <= paid.paid_at
                AND near.population <> 'eligible' AND NOT EXISTS (
                    SELECT FROM visits AS later
                    WHERE later.session_key = near.session_key AND later.number > near.number
                        AND later.started_at <= paid.paid_at))"#,
        range.period.from,
        range.period.to,
        range.populations == Populations::All
    )
    .fetch_one(db)
    .await?;
    let net_cents = row.captured - row.refunded;
    let by = |count: i64| (count > 0).then(|| net_cents / count);
    Ok(Revenue {
        captured_cents: row.captured,
        refunded_cents: row.refunded,
        net_cents,
        currency: "EUR",
        orders: row.orders,
        average_order_cents: by(row.orders),
        per_visit_cents: by(visits),
    })
}
