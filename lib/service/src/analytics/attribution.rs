//! To which visits conversions are owed, by channel, source, medium or campaign (definitions b8).

use std::collections::{BTreeMap, HashMap};

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

use super::change::{ComparedCount, ComparedRate, ComparedValue};
use super::choice::{bounded, choice};
use super::meta::{Meta, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
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
#[derive(Clone, Copy)]
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
    /// The period that this one is compared with.
    comparison: Option<AttributionComparison>,
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

/// The period that attribution is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AttributionComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Conversions and their revenue.
    total: ComparedTotal,
    /// The values of this period, in their order.
    values: Vec<ComparedAttribution>,
    /// All other values together.
    other: ComparedAttribution,
}

/// Conversions and their revenue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedTotal {
    conversions: ComparedCount,
    revenue_cents: ComparedCount,
}

/// A value, its visits, and what it is credited with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedAttribution {
    /// The value.
    value: String,
    /// Visits with it.
    visits: ComparedCount,
    /// Those of them that converted.
    conversion_rate: ComparedRate,
    /// Conversions and revenue by model. Removal effects are not compared.
    #[schema(value_type = Object)]
    credits: BTreeMap<&'static str, ComparedCredit>,
}

/// What a model credits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ComparedCredit {
    conversions: ComparedValue,
    revenue_cents: ComparedCount,
}

/// To which visits conversions are owed, by several models.
#[utoipa::path(
    get, path = "/api/admin/analytics/attribution", tag = "analytics",
    params(AttributionQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
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
    AskedCompared { range, comparison, query }: AskedCompared<AttributionQuery>,
) -> Result<Json<AttributionReport>, Problem> {
    let question = query.check(range)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("attribution", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    meta.excluded = excluded(&mut tx, &range).await?;
    let visits = visits_by_value(&mut tx, &question).await?;
    let credited = credited(&mut tx, &question).await?;
    let names = listed(question.limit, &visits, &credited);
    let mut current = Attributed::of(&names, &visits, credited);
    let comparison = match comparison {
        Some(period) => {
            let question = Question { range: range.over(period), ..question };
            Some(compare(&mut tx, &question, &names, &current).await?)
        }
        None => None,
    };
    if question.removal {
        let shares = removal(&mut tx, &question, &visits).await?;
        if shares.is_empty() && current.credited.conversions > 0 {
            meta.warnings.push("no visit of the range converted: removal effects are unknown");
        }
        credit_by_removal(&mut current, &shares);
    }
    Ok(Json(AttributionReport {
        conversion: question.conversion,
        by: question.by,
        lookback_days: question.lookback.num_days(),
        currency: "EUR",
        total: current.total,
        unattributable: current.unattributable,
        values: current.values,
        other: current.other,
        comparison,
        meta,
    }))
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

/// Conversions of a period by the values that are listed.
struct Attributed {
    total: Total,
    unattributable: Total,
    /// Conversions with a visit before them.
    credited: Total,
    values: Vec<AttributedValue>,
    other: AttributedValue,
}

impl Attributed {
    fn of(names: &[String], visits: &[VisitsOfValue], mut credited: Attribution) -> Self {
        let (attributed, unattributable) = (credited.attributed, credited.unattributable);
        let all = visits.first().map_or((0, 0), |row| (row.all_visits, row.all_converted));
        let by_value: HashMap<&str, (i64, i64)> =
            visits.iter().map(|row| (row.value.as_str(), (row.visits, row.converted))).collect();
        let value = |name: &String| {
            let visits = by_value.get(name.as_str()).copied().unwrap_or_default();
            attributed_value(name.clone(), visits, &credited.take(name))
        };
        let values: Vec<AttributedValue> = names.iter().map(value).collect();
        let sum =
            |part: fn(&Rate) -> i64| values.iter().map(|v| part(&v.conversion_rate)).sum::<i64>();
        let rest = (all.0 - sum(|rate| rate.den), all.1 - sum(|rate| rate.num));
        let other = attributed_value(OTHER.to_owned(), rest, &credited.take_rest());
        let total = Total {
            conversions: attributed.conversions + unattributable.conversions,
            revenue_cents: attributed.revenue_cents + unattributable.revenue_cents,
        };
        Self { total, unattributable, credited: attributed, values, other }
    }
}

/// The values to list: those with visits in the range, then those that are credited alone.
fn listed(limit: usize, visits: &[VisitsOfValue], credited: &Attribution) -> Vec<String> {
    let mut listed: Vec<String> = visits.iter().map(|row| row.value.clone()).collect();
    for value in credited.ranked() {
        if value != OTHER && !listed.contains(&value) {
            listed.push(value);
        }
    }
    listed.truncate(limit);
    listed
}

/// Compares conversions with those of another range, by the values that are listed.
async fn compare(
    db: &mut PgConnection,
    question: &Question,
    names: &[String],
    current: &Attributed,
) -> Result<AttributionComparison, sqlx::Error> {
    let visits = visits_by_value(db, question).await?;
    let before = Attributed::of(names, &visits, credited(db, question).await?);
    let values = current.values.iter().zip(&before.values);
    Ok(AttributionComparison {
        from: question.range.period.from,
        to: question.range.period.to,
        total: ComparedTotal {
            conversions: ComparedCount::of(current.total.conversions, before.total.conversions),
            revenue_cents: ComparedCount::of(
                current.total.revenue_cents,
                before.total.revenue_cents,
            ),
        },
        values: values.map(|(after, before)| ComparedAttribution::of(after, before)).collect(),
        other: ComparedAttribution::of(&current.other, &before.other),
    })
}

impl ComparedAttribution {
    fn of(after: &AttributedValue, before: &AttributedValue) -> Self {
        let credit = |(model, before): (&&'static str, &Credit)| {
            let after = after.credits.get(model)?;
            let conversions = ComparedValue::of(Some(after.conversions), Some(before.conversions));
            let revenue_cents = ComparedCount::of(after.revenue_cents, before.revenue_cents);
            Some((*model, ComparedCredit { conversions, revenue_cents }))
        };
        Self {
            value: after.value.clone(),
            visits: ComparedCount::of(after.visits, before.visits),
            conversion_rate: ComparedRate::of(after.conversion_rate, before.conversion_rate),
            credits: before.credits.iter().filter_map(credit).collect(),
        }
    }
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
fn credit_by_removal(current: &mut Attributed, shares: &BTreeMap<String, f64>) {
    if shares.is_empty() {
        return;
    }
    let Attributed { credited, values, other, .. } = current;
    let mut all: Vec<f64> =
        values.iter().map(|row| shares.get(&row.value).copied().unwrap_or_default()).collect();
    all.push((1.0 - all.iter().sum::<f64>()).max(0.0));
    let cents = divide_cents(credited.revenue_cents, &all);
    let rows = values.iter_mut().chain(std::iter::once(other));
    for ((row, share), revenue_cents) in rows.zip(all).zip(cents) {
        let conversions = share * credited.conversions as f64;
        row.credits.insert(REMOVAL, Credit { conversions, revenue_cents });
    }
}
