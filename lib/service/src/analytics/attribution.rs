//! To which visits conversions are owed, by channel, source, medium or campaign (definitions b8).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{
    Attribution, Conversion, Credit, Credited, Destination, Model, OTHER, Passage, Rate, Total,
    VALUES_MAX, VisitTouch, divide_cents, removal_shares,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::choice::{bounded, choice};
use super::meta::{Meta, excluded};
use super::range::{Asked, Range, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

const LOOKBACK_DAYS: usize = 90;
const LOOKBACK_DAYS_MAX: usize = 400;
const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 200;

/// Values that the chain of visits tells apart.
const CHAIN_VALUES_MAX: usize = 50;

/// The name of the credits by removal effect.
const REMOVAL: &str = "removal";

/// What is attributed, and by what.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub struct AttributionQuery {
    /// `micro` (default): carts and completed configurations; `lead`: inquiries; `macro`: orders paid.
    conversion: Option<String>,
    /// `channel` (default), `source`, `medium` or `campaign`.
    by: Option<String>,
    /// How many days before a conversion a visit may have been, 1 to 400 (default 90).
    lookback_days: Option<usize>,
    /// How many values are listed, 1 to 200 (default 20).
    limit: Option<usize>,
    /// Whether to credit by removal effect too.
    removal: Option<bool>,
}

/// A question, checked.
struct Question {
    range: Range,
    conversion: Conversion,
    by: &'static str,
    lookback: TimeDelta,
    limit: usize,
    removal: bool,
}

impl AttributionQuery {
    fn check(&self, range: Range) -> Result<Question, Problem> {
        let conversions = [Conversion::Micro, Conversion::Lead, Conversion::Macro];
        let conversions = conversions.map(|conversion| (conversion.as_str(), conversion));
        let dimensions = ["channel", "source", "medium", "campaign"].map(|name| (name, name));
        let days =
            bounded("lookbackDays", self.lookback_days, LOOKBACK_DAYS, 1..=LOOKBACK_DAYS_MAX)?;
        Ok(Question {
            range,
            conversion: choice("conversion", self.conversion.as_deref(), &conversions)?,
            by: choice("by", self.by.as_deref(), &dimensions)?,
            lookback: TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX)),
            limit: bounded("limit", self.limit, LIMIT_DEFAULT, 1..=LIMIT_MAX)?,
            removal: self.removal.unwrap_or_default(),
        })
    }
}

/// To which visits conversions are owed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttributionReport {
    /// What counts as a conversion.
    #[schema(value_type = String)]
    conversion: Conversion,
    /// What visits are told apart by.
    #[schema(value_type = String)]
    by: &'static str,
    /// How many days before a conversion a visit may have been.
    lookback_days: i64,
    /// ISO 4217 code of all amounts.
    #[schema(value_type = String)]
    currency: &'static str,
    /// Conversions of the range, and their revenue: what the credits of each model and what is
    /// unattributable add up to.
    #[schema(value_type = Object)]
    total: Total,
    /// Conversions before which no visit is known.
    #[schema(value_type = Object)]
    unattributable: Total,
    /// By value, the one with most visits first.
    values: Vec<AttributedValue>,
    /// All other values together.
    other: AttributedValue,
    /// What the report says about itself.
    meta: Meta,
}

/// A value, its visits, and what it is credited with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttributedValue {
    /// The value; `(not set)` where nothing is known.
    value: String,
    /// Visits of the range with it.
    visits: i64,
    /// Those of them that converted.
    #[schema(value_type = Object)]
    conversion_rate: Rate,
    /// Conversions and revenue by model.
    #[schema(value_type = Object)]
    credits: BTreeMap<&'static str, Credit>,
}

/// To which visits conversions are owed, by several models.
#[utoipa::path(
    get, path = "/api/admin/analytics/attribution", tag = "analytics",
    params(AttributionQuery, RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The report.", body = AttributionReport),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not for this role.", body = ProblemDocument),
        (status = 422, description = "Unknown parameter or value.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn attribution(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, query }: Asked<AttributionQuery>,
) -> Result<Json<AttributionReport>, Problem> {
    let question = query.check(range)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("attribution", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    meta.excluded = excluded(&mut tx, &range).await?;
    let visits = visits_by_value(&mut tx, &question).await?;
    let credited = credited(&mut tx, &question).await?;
    let removal =
        if question.removal { Some(removal(&mut tx, &question, &visits).await?) } else { None };
    Ok(Json(report(&question, visits, credited, removal.as_ref(), meta)))
}

/// Visits of a value.
struct VisitsOfValue {
    value: String,
    visits: i64,
    converted: i64,
    all_visits: i64,
    all_converted: i64,
}

/// Visits by value, most visits first, with the numbers of all values.
async fn visits_by_value(
    db: &mut PgConnection,
    question: &Question,
) -> Result<Vec<VisitsOfValue>, sqlx::Error> {
    sqlx::query_as!(
        VisitsOfValue,
        r#"SELECT visit_value(visit, $4) AS "value!", count(*) AS "visits!",
            count(visit_event_at(visit, $5)) AS "converted!",
            (sum(count(*)) OVER ())::bigint AS "all_visits!",
            (sum(count(visit_event_at(visit, $5))) OVER ())::bigint AS "all_converted!"
         FROM visits AS visit
         WHERE started_at >= $1 AND started_at < $2 AND population = ANY ($3::text[]::population[])
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $6"#,
        question.range.period.from,
        question.range.period.to,
        &question.range.populations.names(),
        question.by,
        question.conversion.visit_event(),
        i64::try_from(VALUES_MAX).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}

/// Divides every conversion among the visits before it. Conversions are read one by one.
async fn credited(db: &mut PgConnection, question: &Question) -> Result<Attribution, sqlx::Error> {
    let mut rows = sqlx::query!(
        r#"SELECT conversion.converted_at AS "converted_at!", conversion.cents AS "cents!",
            touch.started_at AS "started_at!", touch.direct AS "direct!", touch.value AS "value!"
         FROM conversions_of($1, $2, $3, $4::text[]::population[]) AS conversion
         CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(started_at ORDER BY started_at, session_key, number), '{}')
                    AS started_at,
                coalesce(array_agg(channel = 'direct' ORDER BY started_at, session_key, number), '{}')
                    AS direct,
                coalesce(array_agg(value ORDER BY started_at, session_key, number), '{}') AS value
            FROM (
                SELECT started_at, session_key, number, channel, visit_value(visit, $5) AS value
                FROM visits AS visit
                WHERE visit.visitor_id = conversion.visitor_id
                    AND started_at >= conversion.converted_at - $6::interval
                    AND started_at <= conversion.converted_at
                    AND population = ANY ($4::text[]::population[])
                UNION ALL
                SELECT started_at, session_key, number, channel, visit_value(visit, $5)
                FROM visits AS visit
                WHERE conversion.visitor_id IS NULL AND visit.session_key = conversion.session_key
                    AND started_at >= conversion.converted_at - $6::interval
                    AND started_at <= conversion.converted_at
                    AND population = ANY ($4::text[]::population[])
            ) AS before
         ) AS touch"#,
        question.conversion.as_str(),
        question.range.period.from,
        question.range.period.to,
        &question.range.populations.names(),
        question.by,
        sqlx::postgres::types::PgInterval::try_from(question.lookback)
            .map_err(sqlx::Error::Encode)?,
    )
    .fetch(db);
    let mut all = Attribution::default();
    while let Some(row) = rows.try_next().await? {
        let touches = touches(row.started_at, row.direct, row.value);
        all.note(&touches, row.converted_at, row.cents);
    }
    Ok(all)
}

fn touches(
    started_at: Vec<DateTime<Utc>>,
    direct: Vec<bool>,
    value: Vec<String>,
) -> Vec<VisitTouch> {
    let rows = started_at.into_iter().zip(direct).zip(value);
    rows.map(|((at, direct), value)| VisitTouch { at, direct, value }).collect()
}

/// The share of conversions that each value is worth by removal effect, from the visits of the range.
/// A conversion ends a journey; the next visit begins another.
async fn removal(
    db: &mut PgConnection,
    question: &Question,
    visits: &[VisitsOfValue],
) -> Result<BTreeMap<String, f64>, sqlx::Error> {
    let told_apart: Vec<String> =
        visits.iter().take(CHAIN_VALUES_MAX).map(|row| row.value.clone()).collect();
    let rows = sqlx::query!(
        r#"WITH steps AS (
            SELECT CASE WHEN visit_value(visit, $4) = ANY ($6::text[]) THEN visit_value(visit, $4)
                    ELSE $7 END AS value,
                visit_event_at(visit, $5) IS NOT NULL AS converted,
                coalesce(visitor_id, session_key::text) AS who, started_at, session_key, number
            FROM visits AS visit
            WHERE started_at >= $1 AND started_at < $2
                AND population = ANY ($3::text[]::population[])
         ), ways AS (
            SELECT value, converted, coalesce(lag(converted) OVER way, true) AS begins,
                lead(value) OVER way AS next
            FROM steps
            WINDOW way AS (PARTITION BY who ORDER BY started_at, session_key, number)
         )
         SELECT NULL AS "from", value AS "to", false AS "converts!", count(*) AS "journeys!"
         FROM ways WHERE begins GROUP BY value
         UNION ALL
         SELECT value, CASE WHEN NOT converted THEN next END, converted, count(*)
         FROM ways GROUP BY 1, 2, 3"#,
        question.range.period.from,
        question.range.period.to,
        &question.range.populations.names(),
        question.by,
        question.conversion.visit_event(),
        &told_apart,
        OTHER,
    )
    .fetch_all(db)
    .await?;
    let passages = rows.into_iter().map(|row| {
        let to = match (row.converts, row.to) {
            (true, _) => Destination::Conversion,
            (false, Some(value)) => Destination::Visit(value),
            (false, None) => Destination::Loss,
        };
        Passage { from: row.from, to, journeys: row.journeys }
    });
    Ok(removal_shares(&passages.collect::<Vec<_>>()))
}

fn report(
    question: &Question,
    visits: Vec<VisitsOfValue>,
    mut credited: Attribution,
    removal: Option<&BTreeMap<String, f64>>,
    mut meta: Meta,
) -> AttributionReport {
    let (attributed, unattributable) = (credited.attributed, credited.unattributable);
    let all = visits.first().map_or((0, 0), |row| (row.all_visits, row.all_converted));
    let mut values = values(question.limit, visits, &mut credited);
    let sum = |part: fn(&Rate) -> i64| values.iter().map(|v| part(&v.conversion_rate)).sum::<i64>();
    let rest = (all.0 - sum(|rate| rate.den), all.1 - sum(|rate| rate.num));
    let mut other = attributed_value(OTHER.to_owned(), rest, &credited.take_rest());
    if let Some(shares) = removal {
        credit_by_removal(&mut values, &mut other, shares, attributed);
        if shares.is_empty() && attributed.conversions > 0 {
            meta.warnings.push("no visit of the range converted: removal effects are unknown");
        }
    }
    AttributionReport {
        conversion: question.conversion,
        by: question.by,
        lookback_days: question.lookback.num_days(),
        currency: "EUR",
        total: Total {
            conversions: attributed.conversions + unattributable.conversions,
            revenue_cents: attributed.revenue_cents + unattributable.revenue_cents,
        },
        unattributable,
        values,
        other,
        meta,
    }
}

/// The values to list: those with visits in the range, then those that are credited alone.
fn values(
    limit: usize,
    visits: Vec<VisitsOfValue>,
    credited: &mut Attribution,
) -> Vec<AttributedValue> {
    let mut listed: Vec<(String, (i64, i64))> =
        visits.into_iter().map(|row| (row.value, (row.visits, row.converted))).collect();
    for value in credited.ranked() {
        if value != OTHER && !listed.iter().any(|(known, _)| *known == value) {
            listed.push((value, (0, 0)));
        }
    }
    listed.truncate(limit);
    let value = |(value, visits): (String, (i64, i64))| {
        let credits = credited.take(&value);
        attributed_value(value, visits, &credits)
    };
    listed.into_iter().map(value).collect()
}

fn attributed_value(
    value: String,
    (visits, converted): (i64, i64),
    credited: &Credited,
) -> AttributedValue {
    let names = Model::ALL.iter().map(|model| model.as_str());
    AttributedValue {
        value,
        visits,
        conversion_rate: Rate::new(converted, visits),
        credits: names.zip(credited.iter().copied()).collect(),
    }
}

/// Divides all attributed conversions by removal effect; what is not listed goes to the others.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn credit_by_removal(
    values: &mut [AttributedValue],
    other: &mut AttributedValue,
    shares: &BTreeMap<String, f64>,
    attributed: Total,
) {
    if shares.is_empty() {
        return;
    }
    let mut all: Vec<f64> =
        values.iter().map(|row| shares.get(&row.value).copied().unwrap_or_default()).collect();
    all.push((1.0 - all.iter().sum::<f64>()).max(0.0));
    let cents = divide_cents(attributed.revenue_cents, &all);
    let rows = values.iter_mut().chain(std::iter::once(other));
    for ((row, share), revenue_cents) in rows.zip(all).zip(cents) {
        let conversions = share * attributed.conversions as f64;
        row.credits.insert(REMOVAL, Credit { conversions, revenue_cents });
    }
}
