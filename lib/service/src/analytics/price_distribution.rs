//! What houses cost that visitors configured (definitions b5).

use axum::Json;
use nest_haus_domain::analytics::{Period, Populations};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::meta::{Meta, Warning, excluded};
use super::popular::Basis;
use super::popular_store::Votes;
use super::prices::{PriceComparison, PriceQuestion, PriceReport, price_report};
use super::range::{AskedCompared, ComparisonQuery, RangeQuery};
use crate::accounts::{May, ReadAnalytics};
use crate::configurator::price_lists_since;
use crate::http::{Context, FieldError, Problem, ProblemDocument};
use crate::platform::begin_report;
use crate::queue;

/// Which configurations, at which prices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct PriceDistributionQuery {
    /// `final` (default), `ordered` or `ever`.
    basis: Option<String>,
    /// Whether everything is priced by the list in force now.
    #[serde(default)]
    repriced: bool,
}

/// What configurations of a range cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceDistribution {
    /// Which configuration of a session counts.
    basis: Basis,
    /// Whether prices are those of the list in force now, and not of the one that was in force.
    repriced: bool,
    /// The price list in force now.
    price_list_version: i32,
    /// The prices.
    #[serde(flatten)]
    prices: PriceReport,
    /// The period that this one is compared with.
    comparison: Option<PriceComparison>,
    /// What the report says about itself.
    meta: Meta,
}

/// Percentiles, bins and slices of the prices of configurations, one vote a session. A session counts
/// in the range that it began in.
#[utoipa::path(
    get, path = "/api/admin/analytics/price-distribution", tag = "analytics",
    params(PriceDistributionQuery, RangeQuery, ComparisonQuery), security(("admin" = [])),
    responses(
        (status = 200, description = "The distribution.", body = PriceDistribution),
        (status = 401, description = "No or wrong key.", body = ProblemDocument),
        (status = 403, description = "Not permitted.", body = ProblemDocument),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn price_distribution(
    cx: Context,
    _: May<ReadAnalytics>,
    AskedCompared { range, comparison, query }: AskedCompared<PriceDistributionQuery>,
) -> Result<Json<PriceDistribution>, Problem> {
    let name = query.basis.as_deref().unwrap_or_else(|| Basis::default().as_str());
    let Some(basis) = Basis::ALL.into_iter().find(|basis| basis.as_str() == name) else {
        let message = "must be final, ordered or ever";
        return Err(Problem::field(FieldError::new("basis", "invalid", message)));
    };
    let known = price_lists_since(&cx.app, cx.now).await?;
    let list = known.lists.at(cx.now).ok_or(Problem::NotFound("Price list"))?;
    let queues = queue::status(&cx.app).await.ok();
    let mut meta = Meta::of_range("price_distribution", &range, queues.as_deref(), cx.now);
    let everybody = range.populations == Populations::All;
    let question = |period: Period| PriceQuestion {
        votes: Votes { period, basis: basis.as_str(), everybody },
        list,
        repriced: query.repriced,
    };
    let mut tx = begin_report(&cx.app.db, cx.app.config.request_timeout).await?;
    let prices = price_report(&mut tx, &question(range.period)).await?;
    let comparison = match comparison {
        Some(period) => {
            let before = price_report(&mut tx, &question(period)).await?;
            Some(PriceComparison::of(period, &prices, &before))
        }
        None => None,
    };
    meta.excluded = excluded(&mut tx, range.populations, range.period).await?;
    if basis == Basis::Ordered {
        meta.warn(Warning::NoConfirmedOrder);
    }
    Ok(Json(PriceDistribution {
        basis,
        repriced: query.repriced,
        price_list_version: list.version,
        prices,
        comparison,
        meta,
    }))
}
