//! Where and after what visitors leave without converting.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use nest_haus_domain::analytics::{
    Conversion, DropOff, Ending, FUNNEL_STEPS, Histogram, Leaving, LeavingByName, Period, Rate,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::change::ComparedRate;
use super::choice::{bounded, choice};
use super::meta::{Meta, excluded};
use super::range::{AskedCompared, ComparisonQuery, Range, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;

/// What counts as converting, and how much is listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct DropOffQuery {
    /// Without what a visit counts as left: `macro` (default), `lead` or `micro`.
    conversion: Option<String>,
    /// How many pages, events and categories are listed, 1 to 100 (default 10).
    limit: Option<usize>,
}

/// Where visitors leave.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DropOffReport {
    /// Without what a visit counts as left.
    conversion: Conversion,
    /// Visits that left without converting, of all.
    drop_off_rate: Rate,
    /// Attention that they had paid, in milliseconds.
    engaged_ms: EngagedMs,
    /// By device, those who left.
    devices: BTreeMap<String, i64>,
    /// By the last step of the funnel that they reached, of those who reached it.
    levels: Vec<LeftAtLevel>,
    /// By the last page, of those who saw it.
    exit_pages: LeftByName,
    /// By the last thing done, of those whose visit ended with it.
    last_events: LeftByName,
    /// By the category of the last thing done, of those who selected in it.
    last_categories: LeftByName,
    /// The period that this one is compared with.
    comparison: Option<DropOffComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// Attention before leaving, in milliseconds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EngagedMs {
    /// The mean.
    mean: Option<i64>,
    /// Half of them paid at most this, within 2.2 %.
    p50: Option<f64>,
    /// Nine of ten paid at most this, within 2.2 %.
    p90: Option<f64>,
}

/// Visits that came to a step of the funnel and no further.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeftAtLevel {
    /// The step.
    #[schema(value_type = String)]
    level: &'static str,
    /// Those who left without converting, of those who reached the step.
    drop_off_rate: Rate,
    /// Those who left, by device.
    devices: BTreeMap<String, i64>,
    /// Attention that they had paid, in milliseconds.
    engaged_ms: EngagedMs,
}

/// The period that drop-off is compared with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DropOffComparison {
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// Visits that left without converting, of all.
    drop_off_rate: ComparedRate,
    /// By the last step of the funnel that they reached.
    levels: Vec<ComparedLevel>,
}

/// Visits that came to a step of the funnel and no further.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComparedLevel {
    /// The step.
    #[schema(value_type = String)]
    level: &'static str,
    /// Those who left without converting, of those who reached the step.
    drop_off_rate: ComparedRate,
}

/// Where most visits left, and all others together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeftByName {
    values: Vec<LeftAtName>,
    other: OtherLeft,
}

/// Visits that left at a page, or after something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LeftAtName {
    /// The name; `(not set)` where nothing is known.
    value: String,
    /// Those who left, of those who came there.
    drop_off_rate: Rate,
    /// Those who left, by device.
    devices: BTreeMap<String, i64>,
    /// Mean attention that they had paid, in milliseconds.
    mean_engaged_ms: Option<i64>,
}

/// Visits that left anywhere else.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OtherLeft {
    /// How many.
    left: i64,
    /// By device.
    devices: BTreeMap<String, i64>,
    /// Mean attention that they had paid, in milliseconds.
    mean_engaged_ms: Option<i64>,
}

/// Where and after what visitors leave without converting.
#[utoipa::path(
    get, path = "/api/admin/analytics/dropoff", tag = "analytics",
    params(DropOffQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The report.", body = DropOffReport),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not for this role.", body = ProblemDocument),
        (status = 422, description = "Unknown parameter or value.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn drop_off(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<DropOffQuery>,
) -> Result<Json<DropOffReport>, Problem> {
    let conversions = [Conversion::Macro, Conversion::Lead, Conversion::Micro];
    let conversions = conversions.map(|conversion| (conversion.as_str(), conversion));
    let conversion = choice("conversion", query.conversion.as_deref(), &conversions)?;
    let limit = bounded("limit", query.limit, LIMIT_DEFAULT, 1..=LIMIT_MAX)?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("drop_off", &range, queues.as_deref(), cx.now);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
    let found = endings(&mut tx, &range, conversion).await?;
    let comparison = match comparison {
        Some(period) => {
            let before = endings(&mut tx, &range.over(period), conversion).await?;
            Some(DropOffComparison::of(period, &found, &before))
        }
        None => None,
    };
    let levels = levels(&found);
    Ok(Json(DropOffReport {
        conversion,
        drop_off_rate: drop_off_rate(&found),
        engaged_ms: engaged(&found.all, &merged(&found.engaged)),
        levels,
        exit_pages: by_node(&mut tx, &range, found.pages, limit).await?,
        last_events: by_name(found.events, limit),
        last_categories: by_node(&mut tx, &range, found.categories, limit).await?,
        devices: found.all.devices,
        comparison,
        meta,
    }))
}

/// Reads how visits ended, alike ones together.
async fn endings(
    db: &mut PgConnection,
    range: &Range,
    conversion: Conversion,
) -> Result<DropOff, sqlx::Error> {
    let mut found = DropOff::default();
    let mut rows = sqlx::query!(
        r#"SELECT funnel_level AS "level!", left(exit_page, 100) AS page, last_event AS event,
            last_category AS category, device AS "device!", histogram_bucket(engaged_ms) AS "bucket!",
            count(*) AS "ended!",
            count(*) FILTER (WHERE visit_event_at(visit, $4) IS NULL) AS "left!",
            coalesce(sum(engaged_ms) FILTER (WHERE visit_event_at(visit, $4) IS NULL), 0)::bigint
                AS "engaged_ms!"
         FROM visits AS visit
         WHERE started_at >= $1 AND started_at < $2 AND population = ANY ($3::text[]::population[])
         GROUP BY 1, 2, 3, 4, 5, 6"#,
        range.period.from,
        range.period.to,
        &range.populations.names(),
        conversion.visit_event(),
    )
    .fetch(db);
    while let Some(row) = rows.try_next().await? {
        found.note(&Ending {
            level: usize::try_from(row.level).unwrap_or_default(),
            page: row.page,
            event: row.event,
            category: row.category,
            device: row.device,
            engaged_bucket: row.bucket,
            ended: row.ended,
            left: row.left,
            engaged_ms: row.engaged_ms,
        });
    }
    Ok(found)
}

fn drop_off_rate(found: &DropOff) -> Rate {
    Rate::new(found.all.left, found.all.ended)
}

/// The drop-off rate at each step of the funnel.
fn level_rates(found: &DropOff) -> impl Iterator<Item = Rate> {
    let levels = found.levels.iter().enumerate();
    levels.map(|(index, leaving)| Rate::new(leaving.left, found.reached(index + 1)))
}

fn levels(found: &DropOff) -> Vec<LeftAtLevel> {
    let rows = FUNNEL_STEPS.into_iter().zip(level_rates(found)).zip(&found.levels);
    let level = |(((level, drop_off_rate), leaving), histogram): ((_, &Leaving), _)| LeftAtLevel {
        level,
        drop_off_rate,
        devices: leaving.devices.clone(),
        engaged_ms: engaged(leaving, histogram),
    };
    rows.zip(&found.engaged).map(level).collect()
}

impl DropOffComparison {
    fn of(period: Period, after: &DropOff, before: &DropOff) -> Self {
        let rates = level_rates(after).zip(level_rates(before));
        let level = |(level, (after, before))| ComparedLevel {
            level,
            drop_off_rate: ComparedRate::of(after, before),
        };
        Self {
            from: period.from,
            to: period.to,
            drop_off_rate: ComparedRate::of(drop_off_rate(after), drop_off_rate(before)),
            levels: FUNNEL_STEPS.into_iter().zip(rates).map(level).collect(),
        }
    }
}

fn engaged(leaving: &Leaving, histogram: &Histogram) -> EngagedMs {
    EngagedMs {
        mean: leaving.mean_engaged_ms(),
        p50: histogram.quantile(0.5),
        p90: histogram.quantile(0.9),
    }
}

fn merged(histograms: &[Histogram]) -> Histogram {
    let mut all = Histogram::default();
    for histogram in histograms {
        all.merge(histogram);
    }
    all
}

/// Those who left by page or category, of those who came by it.
async fn by_node(
    db: &mut PgConnection,
    range: &Range,
    found: LeavingByName,
    limit: usize,
) -> Result<LeftByName, sqlx::Error> {
    let (top, other) = found.top(limit);
    let names: Vec<String> = top.iter().map(|(name, _)| name.clone()).collect();
    let reached = visits_by_node(db, range, &names).await?;
    // A way has 20 nodes at most: who ended there was there, even if it is not among them.
    let rows = top.into_iter().map(|(name, leaving)| {
        let reached = reached.get(&name).copied().unwrap_or(0).max(leaving.ended);
        at_name(name, leaving, reached)
    });
    Ok(LeftByName { values: rows.collect(), other: other_left(other) })
}

/// Those who left by the last thing done, of those whose visit ended with it.
fn by_name(found: LeavingByName, limit: usize) -> LeftByName {
    let (top, other) = found.top(limit);
    let rows = top.into_iter().map(|(name, leaving)| {
        let ended = leaving.ended;
        at_name(name, leaving, ended)
    });
    LeftByName { values: rows.collect(), other: other_left(other) }
}

fn at_name(value: String, leaving: Leaving, reached: i64) -> LeftAtName {
    LeftAtName {
        value,
        drop_off_rate: Rate::new(leaving.left, reached),
        mean_engaged_ms: leaving.mean_engaged_ms(),
        devices: leaving.devices,
    }
}

fn other_left(other: Leaving) -> OtherLeft {
    OtherLeft { left: other.left, mean_engaged_ms: other.mean_engaged_ms(), devices: other.devices }
}

/// How many visits came by some nodes: whole days from their sums, the rest visit by visit. `OFFSET 0`
/// has the visits of each part found by their index.
async fn visits_by_node(
    db: &mut PgConnection,
    range: &Range,
    nodes: &[String],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH parts AS MATERIALIZED (SELECT * FROM rollup_parts($1, $2))
         SELECT node AS "node!", sum(visits)::bigint AS "visits!"
         FROM (
            SELECT node, visits FROM parts JOIN path_nodes ON grain = 'day' AND day = part_from
            WHERE population = ANY ($3::text[]::population[]) AND node = ANY ($4::text[])
            UNION ALL
            SELECT step.node, count(*) FROM parts
            CROSS JOIN LATERAL (
                SELECT path FROM visits JOIN visit_paths USING (session_key, number)
                WHERE started_at >= part_from AND started_at < part_to
                    AND population = ANY ($3::text[]::population[])
                OFFSET 0) AS of_part
            CROSS JOIN LATERAL (SELECT DISTINCT node FROM unnest(path) AS node) AS step
            WHERE grain IS DISTINCT FROM 'day' AND step.node = ANY ($4::text[])
            GROUP BY step.node
         ) AS counted
         GROUP BY node"#,
        range.period.from,
        range.period.to,
        &range.populations.names(),
        nodes,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.node, row.visits)).collect())
}
