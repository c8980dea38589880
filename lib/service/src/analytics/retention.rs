//! Who comes back, and how long it takes until somebody configures again, asks or orders
//! (definitions b7).

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::analytics::{
    CohortRules, CohortTable, Cohorts, Counting, Criterion, Interval, LogRank, Milestone,
    OFFSETS_MAX, Period, Rate, Returning, SegmentedCohorts, SurvivalStep, Wait, Waiting, Watched,
    kaplan_meier, log_rank, median_time, thinned,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::change::ComparedRate;
use super::choice::{bounded, choice};
use super::meta::{Meta, Warning, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use super::retention_store::{self as store, CohortCount};
use super::sums::sums;
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

const PERIODS_DEFAULT: usize = 12;

/// Curves are drawn day by day.
const HOURS_PER_STEP: i64 = 24;

/// What can start, and what counts as return.
const EVENTS: [Milestone; 4] =
    [Milestone::Visit, Milestone::Configuration, Milestone::Cart, Milestone::Completion];

/// Curves: their names, what they begin with, what they wait for, and whether in a later visit.
const CURVES: [(&str, Milestone, Milestone, bool); 3] = [
    ("returnToConfigure", Milestone::Configuration, Milestone::Configuration, true),
    ("timeToInquiry", Milestone::Visit, Milestone::Lead, false),
    ("timeToOrder", Milestone::Visit, Milestone::Order, false),
];

/// Whose return to what is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct RetentionQuery {
    /// What makes a cohort: `week` (default), `month` or `day`.
    interval: Option<String>,
    /// `24h`: count days since each visitor's own start instead of periods of the calendar.
    rolling: Option<String>,
    /// `on` (default): returned in the period; `on_or_after`: in it or later.
    criterion: Option<String>,
    /// What starts: `visit` (default), `configuration`, `cart` or `completion`.
    start: Option<String>,
    /// What counts as return: `visit` (default), `configuration`, `cart` or `completion`.
    #[serde(rename = "return")]
    #[param(rename = "return")]
    returning: Option<String>,
    /// `first` (default): by the first start of all; `recurring`: in every period with a start.
    mode: Option<String>,
    /// What segments differ in at the start: `device`, `channel` or `country`.
    breakdown: Option<String>,
    /// How many periods after the start, 1 to 60 (default 12).
    periods: Option<usize>,
    /// Whether to answer curves of the time until a visitor configures again, asks and orders.
    curves: Option<bool>,
}

/// A question, checked.
#[derive(Clone, Copy)]
struct Question {
    rules: CohortRules,
    asked: Returning,
    breakdown: Option<&'static str>,
    curves: bool,
}

impl Question {
    /// Whether visits alone answer it, as they know which were before them.
    fn is_of_visits(&self) -> bool {
        let Returning { start, returning, recurring } = self.asked;
        let CohortRules { criterion, counting, .. } = self.rules;
        (start, returning, recurring) == (Milestone::Visit, Milestone::Visit, false)
            && (criterion, counting) == (Criterion::On, Counting::Calendar)
            && self.breakdown.is_none()
            && !self.curves
    }
}

impl RetentionQuery {
    fn check(&self, range: &Range) -> Result<Question, Problem> {
        let intervals = [Interval::Week, Interval::Month, Interval::Day];
        let intervals = intervals.map(|interval| (interval.as_str(), interval));
        let criteria = [("on", Criterion::On), ("on_or_after", Criterion::OnOrAfter)];
        let rolling = self
            .rolling
            .as_deref()
            .map(|asked| choice("rolling", Some(asked), &[("24h", Counting::Rolling)]));
        let breakdown = self.breakdown.as_deref().map(|asked| {
            let dimensions = ["device", "channel", "country"].map(|name| (name, name));
            choice("breakdown", Some(asked), &dimensions)
        });
        let rules = CohortRules {
            period: range.period,
            interval: choice("interval", self.interval.as_deref(), &intervals)?,
            zone: range.zone,
            criterion: choice("criterion", self.criterion.as_deref(), &criteria)?,
            counting: rolling.transpose()?.unwrap_or_default(),
            offsets: bounded("periods", self.periods, PERIODS_DEFAULT, 1..=OFFSETS_MAX)?,
        };
        let events = EVENTS.map(|event| (event.as_str(), event));
        let modes = [("first", false), ("recurring", true)];
        let asked = Returning {
            start: choice("start", self.start.as_deref(), &events)?,
            returning: choice("return", self.returning.as_deref(), &events)?,
            recurring: choice("mode", self.mode.as_deref(), &modes)?,
        };
        Ok(Question {
            rules,
            asked,
            breakdown: breakdown.transpose()?,
            curves: self.curves.unwrap_or_default(),
        })
    }
}

/// Who comes back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// What makes a cohort.
    interval: Interval,
    /// `calendar`, or `24h` since the start.
    counting: Counting,
    /// When a visitor counts as returned in a period.
    criterion: Criterion,
    /// What starts.
    #[schema(value_type = String)]
    start: &'static str,
    /// What counts as return.
    #[serde(rename = "return")]
    #[schema(value_type = String)]
    returning: &'static str,
    /// Cohorts, and the means of those that are old enough. What is not over for everybody in a cohort
    /// is `incomplete`: not yet observed.
    #[serde(flatten)]
    table: CohortTable,
    /// The same by segment, largest first, where a breakdown was asked for.
    segments: Vec<Segment>,
    /// How long things take, where asked for.
    curves: Vec<Curve>,
    /// Visits of known visitors, of all visits: only they can be seen to return.
    consent_coverage: Rate,
    /// The period that this one is compared with.
    comparison: Option<RetentionComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// The period that retention is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RetentionComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// By periods after the start.
    mean: Vec<ComparedMean>,
}

/// Who returned, of all visitors of cohorts that are old enough.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedMean {
    /// How many periods after the start.
    offset: usize,
    /// Who returned.
    pooled: ComparedRate,
}

/// Visitors with the same value at their start.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Segment {
    /// The value.
    value: String,
    /// How many.
    visitors: i64,
    #[serde(flatten)]
    table: CohortTable,
}

/// How long something takes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Curve {
    /// `returnToConfigure`: from the first configuring to a later visit that configures;
    /// `timeToInquiry` and `timeToOrder`: from the first visit.
    #[schema(value_type = String)]
    name: &'static str,
    /// By segment, or one of all.
    segments: Vec<CurveOfSegment>,
    /// Whether segments differ; nothing where there is nothing to compare.
    log_rank: Option<LogRank>,
}

/// How long something takes the visitors of a segment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CurveOfSegment {
    /// The value; `(not set)` for all.
    value: String,
    /// How many visitors were watched.
    visitors: i64,
    /// To how many it happened.
    happened: i64,
    /// Hours by which it has happened to half of them; nothing where it has not.
    median_hours: Option<i64>,
    /// The share to whom it has happened, day by day, with times in hours.
    steps: Vec<SurvivalStep>,
}

/// Cohorts of visitors and who of them returns when.
#[utoipa::path(
    get, path = "/api/admin/analytics/retention", tag = "analytics",
    params(RetentionQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The report.", body = Retention),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not for this role.", body = ProblemDocument),
        (status = 422, description = "Unknown parameter or value.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn retention(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<RetentionQuery>,
) -> Result<Json<Retention>, Problem> {
    let question = query.check(&range)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("retention", &range, queues.as_deref(), cx.now);
    let until = meta.watermark.unwrap_or(cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
    if question.rules.criterion == Criterion::OnOrAfter {
        meta.warn(Warning::OlderCohortsLonger);
    }
    let Found { table, segments, curves } = find(&mut tx, &range, &question, until).await?;
    let comparison = match comparison {
        Some(period) => {
            Some(compare(&mut tx, (&range.over(period), &question), &table, until).await?)
        }
        None => None,
    };
    let sums = sums(&mut tx, &[range.period], range.populations).await?.pop().unwrap_or_default();
    Ok(Json(Retention {
        interval: question.rules.interval,
        counting: question.rules.counting,
        criterion: question.rules.criterion,
        start: question.asked.start.as_str(),
        returning: question.asked.returning.as_str(),
        table,
        segments,
        curves,
        consent_coverage: Rate::new(sums.identified, sums.visits),
        comparison,
        meta,
    }))
}

/// What is found about visitors.
struct Found {
    table: CohortTable,
    segments: Vec<Segment>,
    curves: Vec<Curve>,
}

async fn find(
    db: &mut PgConnection,
    range: &Range,
    question: &Question,
    until: DateTime<Utc>,
) -> Result<Found, sqlx::Error> {
    if question.is_of_visits() {
        let table = cohorts_of_visits(db, range, question).await?.table(until);
        return Ok(Found { table, segments: Vec::new(), curves: Vec::new() });
    }
    let mut cohorts = SegmentedCohorts::new(question.rules, question.asked);
    let mut curves = if question.curves { waiting(range.period, until) } else { Vec::new() };
    store::each_visitor(db, range, question.breakdown, |visits| {
        cohorts.note(visits);
        for (_, waiting) in &mut curves {
            waiting.note(visits);
        }
    })
    .await?;
    let (all, by_value) = cohorts.finish();
    let mut segments: Vec<Segment> = by_value
        .into_iter()
        .filter(|_| question.breakdown.is_some())
        .map(|(value, cohorts)| Segment {
            value,
            visitors: cohorts.visitors(),
            table: cohorts.table(until),
        })
        .collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.visitors));
    let curves = curves.into_iter().map(|(name, waiting)| curve(name, waiting)).collect();
    Ok(Found { table: all.table(until), segments, curves })
}

async fn cohorts_of_visits(
    db: &mut PgConnection,
    range: &Range,
    question: &Question,
) -> Result<Cohorts, sqlx::Error> {
    let mut all = Cohorts::new(question.rules);
    let counts = store::counts_of_visits(db, range, all.starts(), question.rules.offsets).await?;
    for count in counts {
        note(&mut all, &count);
    }
    Ok(all)
}

/// Compares the means of all cohorts with those of another range.
async fn compare(
    db: &mut PgConnection,
    (range, question): (&Range, &Question),
    table: &CohortTable,
    until: DateTime<Utc>,
) -> Result<RetentionComparison, sqlx::Error> {
    let Period { from, to } = range.period;
    let rules = CohortRules { period: range.period, ..question.rules };
    let question = Question { rules, breakdown: None, curves: false, ..*question };
    let before = find(db, range, &question, until).await?.table;
    let mean = table.mean.iter().zip(&before.mean).map(|(after, before)| ComparedMean {
        offset: after.offset,
        pooled: ComparedRate::of(after.pooled, before.pooled),
    });
    Ok(RetentionComparison { from, to, mean: mean.collect() })
}

/// Notes what the database counted, with periods by position.
fn note(cohorts: &mut Cohorts, count: &CohortCount) {
    let position = usize::try_from(count.cohort - 1).unwrap_or_default();
    let Some(start) = cohorts.starts().get(position).copied() else { return };
    let Some(after) = count.after else { return cohorts.note_started(start, count.visitors) };
    let period = position + usize::try_from(after).unwrap_or_default();
    let starts = cohorts.starts();
    if let Some(returned) = starts.get(period.min(starts.len() - 1)).copied() {
        cohorts.note_returned(start, returned, count.visitors);
    }
}

/// Nobody who waits yet, by name of the curve.
fn waiting(period: Period, until: DateTime<Utc>) -> Vec<(&'static str, Waiting)> {
    let one = |(name, origin, event, again)| {
        (name, Waiting::new(Wait { origin, event, again, period, until }))
    };
    CURVES.map(one).into()
}

fn curve(name: &'static str, waiting: Waiting) -> Curve {
    let by_value = waiting.segments();
    let groups: Vec<&[Watched]> = by_value.values().map(Vec::as_slice).collect();
    let log_rank = log_rank(&groups);
    let mut segments: Vec<CurveOfSegment> =
        by_value.into_iter().map(|(value, watched)| curve_of_segment(value, &watched)).collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.visitors));
    Curve { name, segments, log_rank }
}

fn curve_of_segment(value: String, watched: &[Watched]) -> CurveOfSegment {
    let steps = kaplan_meier(watched);
    let happened = watched.iter().filter(|watched| watched.happened);
    CurveOfSegment {
        value,
        visitors: watched.iter().map(|watched| watched.subjects).sum(),
        happened: happened.map(|watched| watched.subjects).sum(),
        median_hours: median_time(&steps),
        steps: thinned(&steps, HOURS_PER_STEP),
    }
}
