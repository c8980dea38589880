//! Who comes back, and how long it takes until somebody configures again, asks or orders
//! (definitions b7).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{
    CohortRules, CohortTable, Cohorts, Counting, Criterion, Interval, LogRank, OFFSETS_MAX, Period,
    Rate, SurvivalStep, Watched, kaplan_meier, log_rank, median_time, thinned,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::change::ComparedRate;
use super::choice::{bounded, choice};
use super::meta::{Meta, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use super::retention_store::{self as store, CohortCount, CohortQuestion, CurveQuestion};
use super::sums::sums;
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

const PERIODS_DEFAULT: usize = 12;

/// Curves are drawn day by day.
const HOURS_PER_STEP: i64 = 24;

const EVENTS: [(&str, &str); 4] = [
    ("visit", "visit"),
    ("configuration", "configuration"),
    ("cart", "cart"),
    ("completion", "completion"),
];

/// Whose return to what is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
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
    start: &'static str,
    returning: &'static str,
    recurring: bool,
    breakdown: Option<&'static str>,
    curves: bool,
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
        Ok(Question {
            rules,
            start: choice("start", self.start.as_deref(), &EVENTS)?,
            returning: choice("return", self.returning.as_deref(), &EVENTS)?,
            recurring: choice(
                "mode",
                self.mode.as_deref(),
                &[("first", false), ("recurring", true)],
            )?,
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
    #[schema(value_type = String)]
    interval: Interval,
    /// `calendar`, or `24h` since the start.
    #[schema(value_type = String)]
    counting: Counting,
    /// When a visitor counts as returned in a period.
    #[schema(value_type = String)]
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
    #[schema(value_type = Object)]
    table: CohortTable,
    /// The same by segment, largest first, where a breakdown was asked for.
    segments: Vec<Segment>,
    /// How long things take, where asked for.
    curves: Vec<Curve>,
    /// Visits of known visitors, of all visits: only they can be seen to return.
    #[schema(value_type = Object)]
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
    #[schema(value_type = Object)]
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
    #[schema(value_type = Option<Object>)]
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
    #[schema(value_type = Vec<Object>)]
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
    meta.excluded = excluded(&mut tx, &range).await?;
    if question.rules.criterion == Criterion::OnOrAfter {
        meta.warnings.push("older cohorts had more time to return later");
    }
    let (table, segments) = cohorts(&mut tx, &range, &question, until).await?;
    let comparison = match comparison {
        Some(period) => {
            Some(compare(&mut tx, (&range.over(period), &question), &table, until).await?)
        }
        None => None,
    };
    let curves = if question.curves {
        curves(&mut tx, &range, question.breakdown, until).await?
    } else {
        Vec::new()
    };
    let sums = sums(&mut tx, &[range.period], range.populations).await?.pop().unwrap_or_default();
    Ok(Json(Retention {
        interval: question.rules.interval,
        counting: question.rules.counting,
        criterion: question.rules.criterion,
        start: question.start,
        returning: question.returning,
        table,
        segments,
        curves,
        consent_coverage: Rate::new(sums.identified, sums.visits),
        comparison,
        meta,
    }))
}

/// The table of all cohorts, and those of segments.
async fn cohorts(
    db: &mut PgConnection,
    range: &Range,
    question: &Question,
    until: DateTime<Utc>,
) -> Result<(CohortTable, Vec<Segment>), sqlx::Error> {
    let mut all = Cohorts::new(question.rules);
    let mut by_value: BTreeMap<String, Cohorts> = BTreeMap::new();
    let counts = store::cohort_counts(
        db,
        CohortQuestion {
            range,
            starts: all.starts(),
            start: question.start,
            returning: question.returning,
            recurring: question.recurring,
            criterion: question.rules.criterion,
            counting: question.rules.counting,
            breakdown: question.breakdown,
            offsets: question.rules.offsets,
        },
    )
    .await?;
    for count in counts {
        note(&mut all, &count, question.rules.counting);
        if question.breakdown.is_some() {
            let none = || Cohorts::new(question.rules);
            let segment = by_value.entry(count.value.clone()).or_insert_with(none);
            note(segment, &count, question.rules.counting);
        }
    }
    let mut segments: Vec<Segment> = by_value
        .into_iter()
        .map(|(value, cohorts)| {
            let table = cohorts.table(until);
            let visitors = table.cohorts.iter().map(|cohort| cohort.size).sum();
            Segment { value, visitors, table }
        })
        .collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.visitors));
    Ok((all.table(until), segments))
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
    let question = Question { rules, breakdown: None, ..*question };
    let (before, _) = cohorts(db, range, &question, until).await?;
    let mean = table.mean.iter().zip(&before.mean).map(|(after, before)| ComparedMean {
        offset: after.offset,
        pooled: ComparedRate::of(after.pooled, before.pooled),
    });
    Ok(RetentionComparison { from, to, mean: mean.collect() })
}

/// Notes what the database counted: periods by position, days since the start by number.
fn note(cohorts: &mut Cohorts, count: &CohortCount, counting: Counting) {
    let position = usize::try_from(count.cohort - 1).unwrap_or_default();
    let Some(start) = cohorts.starts().get(position).copied() else { return };
    let Some(after) = count.after else { return cohorts.note_started(start, count.visitors) };
    let returned = match counting {
        Counting::Rolling => Some(start + TimeDelta::days(after.into())),
        Counting::Calendar => {
            let period = position + usize::try_from(after).unwrap_or_default();
            let starts = cohorts.starts();
            starts.get(period.min(starts.len() - 1)).copied()
        }
    };
    if let Some(returned) = returned {
        cohorts.note_returned(start, returned, count.visitors);
    }
}

async fn curves(
    db: &mut PgConnection,
    range: &Range,
    breakdown: Option<&'static str>,
    until: DateTime<Utc>,
) -> Result<Vec<Curve>, sqlx::Error> {
    let asked = [
        ("returnToConfigure", "configuration", "configuration", true),
        ("timeToInquiry", "visit", "lead", false),
        ("timeToOrder", "visit", "order", false),
    ];
    let mut curves = Vec::new();
    for (name, origin, event, again) in asked {
        let question = CurveQuestion { range, origin, event, again, breakdown, until };
        curves.push(curve(name, store::watched(db, question).await?));
    }
    Ok(curves)
}

fn curve(name: &'static str, watched: Vec<(String, Watched)>) -> Curve {
    let mut by_value: BTreeMap<String, Vec<Watched>> = BTreeMap::new();
    for (value, watched) in watched {
        by_value.entry(value).or_default().push(watched);
    }
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
