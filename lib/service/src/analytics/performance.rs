//! How fast pages and the system are for visitors (definitions b11).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{
    Bucket, CORE_VITALS, Histogram, Interval, Measured, Period, Thresholds, Verdict, buckets,
    verdict,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::change::{ComparedCount, ComparedRate, ComparedValue};
use super::meta::{Meta, Warning};
use super::performance_store::{MetricHistograms, histograms, histograms_by_time};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// Ranges up to this are told by hours, longer ones by days.
const HOURS_UP_TO: TimeDelta = TimeDelta::hours(49);

/// Most pages that a metric is told by.
const PAGES_MAX: usize = 50;

/// Longest name of a metric.
const METRIC_CHARS_MAX: usize = 100;

/// Which metric.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PerformanceQuery {
    /// `LCP`, `INP`, `CLS`, `price_calc_time`, ...; all where it is left out.
    metric: Option<String>,
}

/// How fast pages and the system were.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Performance {
    /// Whether LCP, INP and CLS are good at the 75th percentile; nothing where one metric was asked for.
    #[schema(value_type = Option<String>)]
    verdict: Option<Verdict>,
    /// Every metric with measurements, or the one that was asked for.
    metrics: Vec<MetricReport>,
    /// The period that this one is compared with.
    comparison: Option<PerformanceComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// The measurements of one metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MetricReport {
    metric: String,
    /// `ms`; nothing for CLS, which has no unit.
    unit: Option<&'static str>,
    /// What is good and what is poor, where that is known.
    thresholds: Option<Thresholds>,
    /// All measurements.
    #[serde(flatten)]
    all: Measured,
    /// By the visitor's device.
    by_device: Vec<MeasuredPart>,
    /// By the first folder of the page or endpoint; those with the most measurements.
    by_page_group: Vec<MeasuredPart>,
    /// By hour for ranges up to two days, by day for longer ones.
    by_time: Vec<MeasuredTime>,
}

/// How fast pages and the system were in the period that is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PerformanceComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Whether LCP, INP and CLS were good; nothing where one metric was asked for.
    #[schema(value_type = Option<String>)]
    verdict: Option<Verdict>,
    /// The metrics of this period, in their order.
    metrics: Vec<ComparedMetric>,
}

/// The measurements of one metric.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedMetric {
    metric: String,
    /// Measurements.
    n: ComparedCount,
    /// Three quarters are at most this.
    p75: ComparedValue,
    /// Good measurements, of all; nothing where no threshold is known.
    good: Option<ComparedRate>,
}

/// Measurements that have something in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MeasuredPart {
    /// What; `(not set)` where nothing is known.
    value: String,
    #[serde(flatten)]
    measured: Measured,
}

/// Measurements of an hour or day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MeasuredTime {
    /// Its beginning, in the zone of the report.
    start: String,
    /// The range cuts it, or it is not over.
    partial: bool,
    #[serde(flatten)]
    measured: Measured,
}

/// Percentiles and ratings of web vitals and of our own timers. Of a measurement that was reported
/// several times the last report counts. Percentiles come from histograms that add up, and are
/// within 2.2 %.
#[utoipa::path(
    get, path = "/api/admin/analytics/performance", tag = "analytics",
    params(PerformanceQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The measurements.", body = Performance),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn performance(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<PerformanceQuery>,
) -> Result<Json<Performance>, Problem> {
    let metric = query.metric.as_deref();
    if metric.is_some_and(|name| name.is_empty() || name.chars().count() > METRIC_CHARS_MAX) {
        let message = "must be the name of a metric, `LCP` for example";
        return Err(Problem::field(FieldError::new("metric", "invalid", message)));
    }
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("performance", &range, queues.as_deref(), cx.now);
    meta.approx = true;
    meta.warn(Warning::EverybodyCounts);
    let buckets = buckets(range.period, interval(&range), range.zone, cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let mut found = histograms(&mut tx, range.period, metric).await?;
    let mut by_time = histograms_by_time(&mut tx, &buckets, metric).await?;
    if let Some(metric) = metric {
        found.entry(metric.to_owned()).or_default();
    }
    let comparison = match comparison {
        Some(period) => {
            let before = histograms(&mut tx, period, metric).await?;
            Some(PerformanceComparison::of(period, (&found, &before), metric))
        }
        None => None,
    };
    let verdict = metric.is_none().then(|| verdict_on(&found));
    let reports = found.into_iter().map(|(metric, histograms)| {
        let mut series = by_time.remove(&metric).unwrap_or_default();
        series.resize(buckets.len(), Histogram::default());
        let times = buckets.iter().zip(&series);
        let by_time = times.map(|(bucket, values)| time(&metric, (bucket, values), &range));
        MetricReport::of(&metric, &histograms, by_time.collect())
    });
    Ok(Json(Performance { verdict, metrics: reports.collect(), comparison, meta }))
}

/// The measurements of a period by metric.
type MetricsByName = BTreeMap<String, MetricHistograms>;

fn interval(range: &Range) -> Interval {
    let length = range.period.to - range.period.from;
    if length <= HOURS_UP_TO { Interval::Hour } else { Interval::Day }
}

fn verdict_on(found: &MetricsByName) -> Verdict {
    verdict(CORE_VITALS.map(|metric| Some(Measured::of(metric, &found.get(metric)?.all))))
}

impl PerformanceComparison {
    fn of(
        period: Period,
        (after, before): (&MetricsByName, &MetricsByName),
        metric: Option<&str>,
    ) -> Self {
        let none = Histogram::default();
        let compared = |(metric, now): (&String, &MetricHistograms)| {
            let then = before.get(metric).map_or(&none, |histograms| &histograms.all);
            ComparedMetric::of(metric, Measured::of(metric, &now.all), Measured::of(metric, then))
        };
        Self {
            from: period.from,
            to: period.to,
            verdict: metric.is_none().then(|| verdict_on(before)),
            metrics: after.iter().map(compared).collect(),
        }
    }
}

impl ComparedMetric {
    fn of(metric: &str, after: Measured, before: Measured) -> Self {
        let good = after.good.zip(before.good);
        Self {
            metric: metric.to_owned(),
            n: ComparedCount::of(after.n, before.n),
            p75: ComparedValue::of(after.p75, before.p75),
            good: good.map(|(after, before)| ComparedRate::of(after, before)),
        }
    }
}

fn time(metric: &str, (bucket, values): (&Bucket, &Histogram), range: &Range) -> MeasuredTime {
    MeasuredTime {
        start: range.zone.label(bucket.start),
        partial: bucket.partial,
        measured: Measured::of(metric, values),
    }
}

impl MetricReport {
    fn of(metric: &str, histograms: &MetricHistograms, by_time: Vec<MeasuredTime>) -> Self {
        let mut by_page_group = parts(metric, &histograms.by_page_group);
        by_page_group.truncate(PAGES_MAX);
        Self {
            metric: metric.to_owned(),
            unit: (metric != "CLS").then_some("ms"),
            thresholds: Thresholds::of(metric),
            all: Measured::of(metric, &histograms.all),
            by_device: parts(metric, &histograms.by_device),
            by_page_group,
            by_time,
        }
    }
}

/// Parts with the most measurements first; of equal ones by their names.
fn parts(metric: &str, histograms: &BTreeMap<String, Histogram>) -> Vec<MeasuredPart> {
    let part = |(value, values): (&String, &Histogram)| MeasuredPart {
        value: value.clone(),
        measured: Measured::of(metric, values),
    };
    let mut parts: Vec<MeasuredPart> = histograms.iter().map(part).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.measured.n));
    parts
}
