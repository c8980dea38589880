//! Where visitors click, how far they scroll, and where they get stuck (definitions b10).

use std::collections::BTreeMap;

use axum::Json;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use nest_haus_domain::analytics::{GRID, Period, Rate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::heatmap_store::{
    self as store, CategoryFriction, CellCounts, ClickedElement, ClickedPage, DepthCounts,
};
use super::meta::{Meta, Warning};
use super::range::{Asked, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// Depths of the survival curve, in per cent of the page.
const DEPTH_STEP: usize = 10;

/// Which page, and which element of it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeatmapQuery {
    /// The page's path. Left out: the pages are listed.
    page: Option<String>,
    /// The element's id. Left out: the elements of the page are listed.
    element: Option<String>,
}

/// Clicks, scroll depths and friction of some days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Heatmap {
    /// Pages with clicks, the most clicked first; where no page was asked for.
    pages: Option<Vec<ClickedPage>>,
    /// Elements of the page, the most clicked first.
    elements: Option<Vec<ClickedElement>>,
    /// The clicks on the element, by width class of the window and by layout.
    layers: Option<Vec<Layer>>,
    /// How far down page views of the page came, by device.
    scroll: Option<Vec<ScrollCurve>>,
    /// Categories that visitors could not decide in: three changes within 60 s engaged, or back to the
    /// option before the last. Where no page was asked for.
    indecision: Option<Vec<CategoryFriction>>,
    /// Categories that visitors opened, as the interaction `category_opened` says, and left within three
    /// seconds without a change: by `category_closed`, for another category, or for another page. Where no
    /// page was asked for.
    quick_backs: Option<Vec<CategoryFriction>>,
    /// What the report says about itself.
    meta: Meta,
}

/// The clicks on an element in one layout.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Layer {
    /// `narrow` below 768 CSS pixels, `medium` below 1280, `wide`.
    breakpoint: String,
    layout_version: String,
    /// Cells across and down.
    grid: i32,
    /// Cells with clicks.
    cells: Vec<Cell>,
}

/// Clicks in a cell, from the upper left corner of the element.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Cell {
    column: i32,
    row: i32,
    clicks: i64,
    rage: i64,
    dead: i64,
}

/// How far down page views came on one kind of device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ScrollCurve {
    /// `(all)` for all together.
    device: String,
    page_views: i64,
    /// Mean of the greatest depths, in per cent.
    mean_depth: Option<f64>,
    /// For each depth the share of page views that reached it.
    reached: Vec<Reached>,
}

/// Page views that reached a depth.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reached {
    /// In per cent of the page.
    depth: usize,
    rate: Rate,
}

/// Clicks by element in a grid of 64 by 64 cells, rage and dead clicks, scroll depths, indecision
/// and quick-backs. Counted by whole days in UTC.
#[utoipa::path(
    get, path = "/api/admin/analytics/heatmap", tag = "analytics",
    params(HeatmapQuery, RangeQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The heat map.", body = Heatmap),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn heatmap(
    cx: Context,
    _: May<ReadAnalytics>,
    Asked { range, query }: Asked<HeatmapQuery>,
) -> Result<Json<Heatmap>, Problem> {
    if query.element.is_some() && query.page.is_none() {
        let message = "an element is looked for on a `page`";
        return Err(Problem::field(FieldError::new("element", "invalid", message)));
    }
    let days = whole_days(range.period);
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("heatmap", &range, queues.as_deref(), cx.now);
    (meta.from, meta.to) = (Some(days.from), Some(days.to));
    meta.warn(Warning::WholeUtcDaysOfEverybody);
    meta.warn(Warning::DeadClicksByClient);
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    if store::stale_days(&mut tx, days).await? > 0 {
        meta.approx = true;
        meta.warn(Warning::DaysToRecount);
    }
    let mut heatmap = Heatmap {
        pages: None,
        elements: None,
        layers: None,
        scroll: None,
        indecision: None,
        quick_backs: None,
        meta,
    };
    match (query.page.as_deref(), query.element.as_deref()) {
        (None, _) => {
            heatmap.pages = Some(store::pages(&mut tx, days).await?);
            heatmap.indecision = Some(store::indecision(&mut tx, days).await?);
            heatmap.quick_backs = Some(store::quick_backs_by_category(&mut tx, days).await?);
        }
        (Some(page), element) => {
            heatmap.elements = Some(store::elements(&mut tx, days, page).await?);
            heatmap.scroll = Some(curves(store::scroll_depths(&mut tx, days, page).await?));
            if let Some(element) = element {
                heatmap.layers = Some(layers(store::cells(&mut tx, days, (page, element)).await?));
            }
        }
    }
    Ok(Json(heatmap))
}

/// The days in UTC that a period touches.
fn whole_days(period: Period) -> Period {
    let day = TimeDelta::days(1);
    let start = |at: DateTime<Utc>| at.duration_trunc(day).unwrap_or(at);
    let last = start(period.to);
    let to = if last == period.to { last } else { last + day };
    Period { from: start(period.from), to }
}

/// Cells as the database orders them, by layer.
fn layers(cells: Vec<CellCounts>) -> Vec<Layer> {
    let mut layers: BTreeMap<(String, String), Vec<Cell>> = BTreeMap::new();
    for CellCounts { breakpoint, layout_version, cell, clicks, rage, dead } in cells {
        let (row, column) = (cell / GRID, cell % GRID);
        let cell = Cell { column, row, clicks, rage, dead };
        layers.entry((breakpoint, layout_version)).or_default().push(cell);
    }
    let layer = |((breakpoint, layout_version), cells)| Layer {
        breakpoint,
        layout_version,
        grid: GRID,
        cells,
    };
    layers.into_iter().map(layer).collect()
}

/// The survival curves of all page views and of each device.
fn curves(depths: Vec<DepthCounts>) -> Vec<ScrollCurve> {
    let mut devices: BTreeMap<String, Vec<(usize, i64)>> = BTreeMap::new();
    for DepthCounts { device, depth, page_views } in depths {
        let depth = usize::try_from(depth).unwrap_or_default();
        for device in [device, "(all)".to_owned()] {
            devices.entry(device).or_default().push((depth, page_views));
        }
    }
    devices.into_iter().map(|(device, depths)| curve(device, &depths)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn curve(device: String, depths: &[(usize, i64)]) -> ScrollCurve {
    let page_views: i64 = depths.iter().map(|(_, page_views)| page_views).sum();
    let sum: f64 = depths.iter().map(|(depth, views)| *depth as f64 * *views as f64).sum();
    let reached = (0..=100).step_by(DEPTH_STEP).map(|depth| {
        let far = depths.iter().filter(|(reached, _)| *reached >= depth);
        let num = far.map(|(_, page_views)| page_views).sum();
        Reached { depth, rate: Rate::new(num, page_views) }
    });
    ScrollCurve {
        device,
        page_views,
        mean_depth: (page_views > 0).then(|| sum / page_views as f64),
        reached: reached.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_widened_to_the_days_that_it_touches() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let days =
            whole_days(Period { from: at("2026-11-20T23:00:00Z"), to: at("2026-11-21T00:00:01Z") });
        assert_eq!((days.from, days.to), (at("2026-11-20T00:00:00Z"), at("2026-11-22T00:00:00Z")));
        let day = Period { from: at("2026-11-20T00:00:00Z"), to: at("2026-11-21T00:00:00Z") };
        assert_eq!(whole_days(day), day);
    }

    #[test]
    fn a_depth_is_reached_by_all_who_came_further() {
        let curve = curve("(all)".to_owned(), &[(0, 2), (35, 1), (100, 1)]);
        let reached: Vec<i64> = curve.reached.iter().map(|reached| reached.rate.num).collect();
        assert_eq!(reached, [4, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(curve.mean_depth, Some(33.75));
    }
}
