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
use super::meta::{Meta, Warning, excluded};
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
#[into_params(parameter_in = Query)]
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
    total: Total,
    /// Conversions before which no visit is known.
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
    conversion_rate: Rate,
    /// Conversions and revenue by model.
    #[schema(value_type = BTreeMap<String, Credit>)]
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
    #[schema(value_type = BTreeMap<String, ComparedCredit>)]
    credits: BTreeMap<&'static str, ComparedCredit>,
}

/// What a model credits.
#[derive(Debug, Serialize, ToSchema)]
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
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
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
            meta.warn(Warning::NoConversion);
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

/// Visits by value, most visits first, with the numbers of all values. Populations are read once, not
/// for every visit.
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
         WHERE started_at >= $1 AND started_at < $2
            AND population = ANY ((SELECT $3::text[]::population[])::population[])
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

/// Conversions as they are read, with the visits before them.
struct Converted {
    nth: i64,
    total: Total,
    at: DateTime<Utc>,
    touches: Vec<VisitTouch>,
}

/// Divides every conversion among the visits before it. Conversions are read one by one, but for
/// those of first visits of unknown visitors: nothing came before these, so that they are alike.
async fn credited(db: &mut PgConnection, question: &Question) -> Result<Attribution, sqlx::Error> {
    let mut rows = sqlx::query!(
        r#"WITH conversion AS MATERIALIZED (
            SELECT row_number() OVER () AS nth, *
            FROM conversions_of($1, $2, $3, $4, $5::text[]::population[])
         )
         SELECT nth AS "nth!", conversions AS "conversions!", cents AS "cents!",
            converted_at AS "converted_at!", started_at, direct, value
         FROM (
            SELECT nth, 1::bigint AS conversions, cents, converted_at, visit.started_at,
                visit.channel = 'direct' AS direct, visit_value(visit, $2) AS value,
                visit.session_key, visit.number
            FROM conversion LEFT JOIN visits AS visit ON visit.visitor_id = conversion.visitor_id
                AND visit.started_at >= converted_at - $6::interval
                AND visit.started_at <= converted_at
                AND population = ANY ($5::text[]::population[])
            WHERE conversion.visitor_id IS NOT NULL
            UNION ALL
            SELECT nth, 1, cents, converted_at, visit.started_at,
                visit.channel = 'direct', visit_value(visit, $2), visit.session_key, visit.number
            FROM conversion LEFT JOIN visits AS visit ON visit.session_key = conversion.session_key
                AND visit.started_at >= converted_at - $6::interval
                AND visit.started_at <= converted_at
                AND population = ANY ($5::text[]::population[])
            WHERE conversion.visitor_id IS NULL AND conversion.number > 1
            UNION ALL
            SELECT -row_number() OVER (), count(*), sum(cents)::bigint, max(converted_at),
                max(started_at) FILTER (WHERE started_at >= converted_at - $6::interval),
                direct, value, NULL, NULL
            FROM conversion WHERE visitor_id IS NULL AND coalesce(number, 1) = 1
            GROUP BY started_at >= converted_at - $6::interval, direct, value
         ) AS touch
         ORDER BY nth, started_at, session_key, number"#,
        question.conversion.as_str(),
        question.by,
        question.range.period.from,
        question.range.period.to,
        &question.range.populations.names(),
        sqlx::postgres::types::PgInterval::try_from(question.lookback)
            .map_err(sqlx::Error::Encode)?,
    )
    .fetch(db);
    let mut all = Attribution::default();
    let mut under_way: Option<Converted> = None;
    while let Some(row) = rows.try_next().await? {
        let touch = touch(row.started_at, row.direct, row.value);
        match &mut under_way {
            Some(same) if same.nth == row.nth => same.touches.extend(touch),
            _ => {
                let total = Total { conversions: row.conversions, revenue_cents: row.cents };
                let touches = touch.into_iter().collect();
                let next = Converted { nth: row.nth, total, at: row.converted_at, touches };
                note(&mut all, under_way.replace(next));
            }
        }
    }
    note(&mut all, under_way);
    Ok(all)
}

fn note(all: &mut Attribution, converted: Option<Converted>) {
    if let Some(Converted { total, at, touches, .. }) = converted {
        all.note(&touches, at, total);
    }
}

fn touch(
    at: Option<DateTime<Utc>>,
    direct: Option<bool>,
    value: Option<String>,
) -> Option<VisitTouch> {
    Some(VisitTouch { at: at?, direct: direct?, value: value? })
}

/// How many visits of a value that did not convert had a visit of a value next.
struct Step {
    from: String,
    to: String,
    journeys: i64,
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
    let steps = sqlx::query_as!(
        Step,
        r#"WITH ways AS (
            SELECT visit_value(visit, $4) AS value,
                visit_event_at(visit, $5) IS NOT NULL AS converted,
                lead(visit_value(visit, $4)) OVER (
                    PARTITION BY visitor_id ORDER BY started_at, session_key, number) AS next
            FROM visits AS visit
            WHERE visitor_id IS NOT NULL AND started_at >= $1 AND started_at < $2
                AND population = ANY ((SELECT $3::text[]::population[])::population[])
            UNION ALL
            SELECT visit_value(visit, $4), visit_event_at(visit, $5) IS NOT NULL,
                lead(visit_value(visit, $4)) OVER (
                    PARTITION BY session_key ORDER BY started_at, number)
            FROM visits AS visit
            WHERE visitor_id IS NULL AND started_at >= $1 AND started_at < $2
                AND population = ANY ((SELECT $3::text[]::population[])::population[])
                AND session_key IN (SELECT session_key FROM visits
                    WHERE number > 1 AND visitor_id IS NULL
                        AND started_at >= $1 AND started_at < $2)
         )
         SELECT CASE WHEN value = ANY ($6::text[]) THEN value ELSE $7 END AS "from!",
            CASE WHEN next = ANY ($6::text[]) THEN next ELSE $7 END AS "to!", count(*) AS "journeys!"
         FROM ways WHERE NOT converted AND next IS NOT NULL GROUP BY 1, 2"#,
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
    Ok(removal_shares(&passages(visits, &steps)))
}

/// Where journeys go. Those that come to a value from no visit begin there, and those that neither
/// convert there nor go on are lost.
fn passages(visits: &[VisitsOfValue], steps: &[Step]) -> Vec<Passage> {
    let mut counts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let mut rest = visits.first().map_or((0, 0), |row| (row.all_visits, row.all_converted));
    for row in visits.iter().take(CHAIN_VALUES_MAX) {
        counts.insert(&row.value, (row.visits, row.converted));
        rest = (rest.0 - row.visits, rest.1 - row.converted);
    }
    let other = counts.entry(OTHER).or_default();
    *other = (other.0 + rest.0, other.1 + rest.1);
    let onward = steps.iter().map(|step| Passage {
        from: Some(step.from.clone()),
        to: Destination::Visit(step.to.clone()),
        journeys: step.journeys,
    });
    let ends = counts.into_iter().flat_map(|(value, counts)| ends(value, counts, steps));
    onward.chain(ends).filter(|passage| passage.journeys > 0).collect()
}

/// How journeys begin and end at a value.
fn ends(value: &str, (visits, converted): (i64, i64), steps: &[Step]) -> [Passage; 3] {
    let sum = |at: fn(&Step) -> &str| {
        steps.iter().filter(|step| at(step) == value).map(|step| step.journeys).sum::<i64>()
    };
    let (came, went) = (sum(|step| &step.to), sum(|step| &step.from));
    let from = || Some(value.to_owned());
    [
        Passage { from: None, to: Destination::Visit(value.to_owned()), journeys: visits - came },
        Passage { from: from(), to: Destination::Conversion, journeys: converted },
        Passage { from: from(), to: Destination::Loss, journeys: visits - converted - went },
    ]
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
