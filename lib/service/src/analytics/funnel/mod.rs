//! How far units come through steps (definitions b2).
//!
//! The configurator funnel of visits is projected and read from roll-ups. Any other is folded from the
//! events themselves, which the database groups day by day.

mod fold;
mod patterns;
mod projected;
mod query;
mod store;

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::funnel::{
    BreakdownRow, Counting, Order, StepReport, StepTimes, Ties, TrendPoint,
};
use nest_haus_domain::analytics::{Period, Rate, RateChange};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use self::fold::Folded;
use self::query::{AskedFunnel, FunnelQuery};
use self::store::{Next, Readers};
use super::meta::{Meta, Warning, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use super::sums::sums;
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::queue;

/// What is listed of what came next.
const NEXT_LISTED: usize = 5;

/// Sessions that are named of those that came no further than a step.
const SESSIONS_LISTED: usize = 10;

/// How far units come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelReport {
    /// `session`, `visitor` or `configuration`.
    #[schema(value_type = String)]
    unit: &'static str,
    /// `ordered`, `strict` or `any`.
    order: Order,
    /// `log` or `strict`.
    ties: Ties,
    /// `unique` or `total`.
    counting: Counting,
    /// Longest time from the first step to any other, in hours; nothing where the visit is the bound.
    window_hours: Option<f64>,
    /// The steps.
    steps: Vec<FunnelStep>,
    /// Units that an exclusion left out: they are in no step.
    excluded: i64,
    /// Attempts that the breakdown left out: they are in no step.
    unattributed: i64,
    /// Attempts that have time left, by how many came at least to each step. They are in the steps,
    /// unless only complete ones were asked for.
    incomplete: Vec<i64>,
    /// By when attempts began.
    trend: Vec<FunnelPoint>,
    /// By value; nothing where nobody asked for it.
    breakdown: Option<FunnelBreakdown>,
    /// The period that this one is compared with.
    comparison: Option<FunnelComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// A step.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelStep {
    /// Its name.
    name: String,
    /// Attempts that came at least this far.
    entered: i64,
    /// Of those that came to the first step.
    conversion_rate: Rate,
    /// Of those that came to the step before.
    step_conversion_rate: Rate,
    /// Attempts that came to the step before and not to this one.
    dropped: i64,
    /// How long it took from the step before, in milliseconds: quartiles and the ninth decile.
    from_previous: StepTimes,
    /// The same from the first step.
    from_start: StepTimes,
    /// What those did next who came no further.
    next_events: NextEvents,
    /// Sessions of some who came no further.
    dropped_sessions: Vec<String>,
}

/// What units did next that came no further than a step.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextEvents {
    /// How many units were looked at.
    units: i64,
    /// The most frequent, at most five.
    events: Vec<NextEvent>,
}

/// An event that came next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextEvent {
    /// Its name; nothing where nothing followed within half an hour.
    event: Option<String>,
    /// Its category.
    category: Option<String>,
    /// Of the units that were looked at.
    share: Rate,
}

/// A part of the trend.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelPoint {
    /// When the hour, day, week or month begins, by the clock of the zone.
    start: String,
    /// Whether the period holds only a part of it, or it is still running.
    partial: bool,
    /// Attempts that began in it, by how many came at least to each step.
    entered: Vec<i64>,
    /// Those that came through all steps.
    conversion_rate: Rate,
    /// Those of them that have time left.
    incomplete: i64,
}

/// The funnel by value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelBreakdown {
    /// By what.
    by: String,
    /// The values with the most attempts; one without a value holds all others together.
    values: Vec<FunnelValue>,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelValue {
    /// The value; `(not set)` where units have none.
    value: Option<String>,
    /// Attempts that came at least to each step.
    entered: Vec<i64>,
    /// Those that came through all steps.
    conversion_rate: Rate,
}

/// The period that a funnel is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FunnelComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Attempts that came at least to each step.
    entered: Vec<i64>,
    /// Those that came through all steps.
    conversion_rate: Rate,
    /// How the period's rate differs from it.
    conversion_rate_change: RateChange,
}

/// How far visits come through the configurator, or units through any steps.
///
/// Whose first step lies in the range counts; later steps may come after it, within the window.
#[utoipa::path(
    get, path = "/api/admin/analytics/conversion-funnel", tag = "analytics",
    params(RangeQuery, ComparisonQuery, FunnelQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The funnel.", body = FunnelReport),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not allowed to read reports.", body = ProblemDocument),
        (status = 422, description = "A parameter is wrong; names the step.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn conversion_funnel(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<FunnelQuery>,
) -> Result<Json<FunnelReport>, Problem> {
    let asked = query.check(range.period)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("conversion_funnel", &range, queues.as_deref(), cx.now);
    let mut readers = Readers::begin(&cx.app, &asked).await?;
    meta.excluded = excluded(&mut readers.main, range.populations, range.period).await?;
    let folded = count(&mut readers, &asked, &range, cx.now).await?;
    let comparison = match comparison {
        Some(period) => {
            let before = count_compared(&mut readers, &asked, &range.over(period), cx.now).await?;
            Some(FunnelComparison::of(period, before, &folded))
        }
        None => None,
    };
    let next = next_events(&mut readers.main, &asked, &range, &folded).await?;
    let sessions = dropped_sessions(&mut readers.main, &folded).await?;
    warn(&mut meta, &asked, &folded);
    Ok(Json(FunnelReport::of(&asked, &range, folded, (next, sessions), (comparison, meta))))
}

async fn count(
    readers: &mut Readers,
    asked: &AskedFunnel,
    range: &Range,
    now: DateTime<Utc>,
) -> Result<Folded, Problem> {
    if asked.projected {
        let series = (range.period, range.zone, asked.interval);
        return Ok(projected::count(&mut readers.main, series, range.populations, now).await?);
    }
    fold::fold(readers, asked, (range.period, range.zone), range.populations, now).await
}

/// How many attempts of the range that is compared with came at least to each step.
async fn count_compared(
    readers: &mut Readers,
    asked: &AskedFunnel,
    range: &Range,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Problem> {
    if asked.projected {
        let found = sums(&mut readers.main, &[range.period], range.populations).await?;
        return Ok(found.into_iter().flat_map(|sums| sums.reached).collect());
    }
    let folded =
        fold::fold(readers, asked, (range.period, range.zone), range.populations, now).await?;
    Ok(entered(&folded))
}

fn entered(folded: &Folded) -> Vec<i64> {
    folded.steps.iter().map(|step| step.entered).collect()
}

/// Of those that came to the first step, those that came to the last.
fn through(entered: &[i64]) -> Rate {
    let count = |entered: Option<&i64>| entered.copied().unwrap_or(0);
    Rate::new(count(entered.last()), count(entered.first()))
}

fn warn(meta: &mut Meta, asked: &AskedFunnel, folded: &Folded) {
    let approx = |step: &StepReport| step.from_previous.approx || step.from_start.approx;
    meta.approx = folded.steps.iter().any(approx);
    if meta.approx {
        meta.warn(Warning::TimesApproximate);
    }
    if folded.incomplete.first().is_some_and(|incomplete| *incomplete > 0) {
        meta.warn(Warning::AttemptsIncomplete);
    }
    if asked.unit == query::Unit::Visitor {
        meta.warn(Warning::VisitorsByConsent);
    }
    meta.warn(Warning::NextFromSample);
}

async fn next_events(
    db: &mut PgConnection,
    asked: &AskedFunnel,
    range: &Range,
    folded: &Folded,
) -> Result<Vec<NextEvents>, sqlx::Error> {
    let rows = if asked.projected {
        projected::next_events(db, range).await?
    } else {
        store::next_events(db, &folded.dropped).await?
    };
    let of_step = |step: usize| {
        let rows: Vec<&Next> =
            rows.iter().filter(|row| usize::try_from(row.step).is_ok_and(|s| s == step)).collect();
        let units = rows.iter().map(|row| row.units).sum();
        let event = |row: &&Next| NextEvent {
            event: row.event.clone(),
            category: row.category.clone(),
            share: Rate::new(row.units, units),
        };
        NextEvents { units, events: rows.iter().take(NEXT_LISTED).map(event).collect() }
    };
    Ok((0..folded.steps.len()).map(of_step).collect())
}

async fn dropped_sessions(
    db: &mut PgConnection,
    folded: &Folded,
) -> Result<Vec<Vec<String>>, sqlx::Error> {
    let of_step = |step: usize| {
        let units = folded.dropped.iter();
        let of_step = units.filter(move |unit| usize::try_from(unit.step).is_ok_and(|s| s == step));
        of_step.map(|unit| unit.session_key).take(SESSIONS_LISTED)
    };
    let keys: Vec<uuid::Uuid> = (0..folded.steps.len()).flat_map(of_step).collect();
    let ids = store::session_ids(db, &keys).await?;
    let id = |key| ids.iter().find(|(known, _)| *known == key).map(|(_, id)| id.clone());
    Ok((0..folded.steps.len()).map(|step| of_step(step).filter_map(id).collect()).collect())
}

impl FunnelReport {
    fn of(
        asked: &AskedFunnel,
        range: &Range,
        folded: Folded,
        (next, sessions): (Vec<NextEvents>, Vec<Vec<String>>),
        (comparison, meta): (Option<FunnelComparison>, Meta),
    ) -> Self {
        let rules = asked.funnel.rules();
        let names = asked.patterns.names.iter();
        let steps = names.zip(folded.steps).zip(next).zip(sessions).map(
            |(((name, step), next_events), dropped_sessions)| FunnelStep {
                name: name.clone(),
                entered: step.entered,
                conversion_rate: step.conversion_rate,
                step_conversion_rate: step.step_conversion_rate,
                dropped: step.dropped,
                from_previous: step.from_previous,
                from_start: step.from_start,
                next_events,
                dropped_sessions,
            },
        );
        let values = folded.breakdown.into_iter().map(FunnelValue::of).collect();
        #[expect(clippy::cast_precision_loss, reason = "at most months in milliseconds")]
        let hours = |window: chrono::TimeDelta| window.num_milliseconds() as f64 / 3_600_000.0;
        Self {
            unit: asked.unit.as_str(),
            order: rules.order,
            ties: rules.ties,
            counting: rules.counting,
            window_hours: rules.window.map(hours),
            steps: steps.collect(),
            excluded: folded.excluded,
            unattributed: folded.unattributed,
            incomplete: folded.incomplete,
            trend: folded.trend.into_iter().map(|point| FunnelPoint::of(point, range)).collect(),
            breakdown: asked
                .breakdown
                .as_ref()
                .map(|breakdown| FunnelBreakdown { by: breakdown.name.clone(), values }),
            comparison,
            meta,
        }
    }
}

impl FunnelComparison {
    fn of(period: Period, before: Vec<i64>, current: &Folded) -> Self {
        let conversion_rate = through(&before);
        Self {
            from: period.from,
            to: period.to,
            entered: before,
            conversion_rate,
            conversion_rate_change: RateChange::between(
                conversion_rate,
                through(&entered(current)),
            ),
        }
    }
}

impl FunnelPoint {
    fn of(point: TrendPoint, range: &Range) -> Self {
        Self {
            start: range.zone.label(point.bucket.start),
            partial: point.bucket.partial,
            conversion_rate: through(&point.entered),
            entered: point.entered,
            incomplete: point.incomplete,
        }
    }
}

impl FunnelValue {
    fn of(row: BreakdownRow) -> Self {
        Self { value: row.value, conversion_rate: through(&row.entered), entered: row.entered }
    }
}
