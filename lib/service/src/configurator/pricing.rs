//! Prices for the configurator: the data that it calculates with, and the price by the server.

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use nest_haus_domain::configurator::{
    Line, PriceList, PriceLists, Quote, Selections, euros, price, pricing_data as in_old_shape,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

use super::store::price_lists_since;
use crate::http::{Body, Context, FieldError, Problem, ProblemDocument, etag, unless_known};

/// Longest time in seconds that a shared cache may hold prices.
const SHARED_SECONDS_MAX: i64 = 60;

/// The price list in force and when it is succeeded.
pub(super) async fn in_force(
    cx: &Context,
) -> Result<(Arc<PriceList>, Option<DateTime<Utc>>), Problem> {
    let lists: PriceLists = price_lists_since(&cx.app, cx.now).await?;
    let list = lists.at(cx.now).cloned().ok_or(Problem::NotFound("Price list"))?;
    Ok((list, lists.next_change(cx.now)))
}

/// How long answers made from the list in force may be held: never beyond its end.
pub(super) fn cache_control(next_change: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let left = next_change.map_or(SHARED_SECONDS_MAX, |next| (next - now).num_seconds());
    let seconds = left.clamp(0, SHARED_SECONDS_MAX);
    let stale = if seconds == SHARED_SECONDS_MAX { SHARED_SECONDS_MAX } else { 0 };
    format!(
        "public, max-age=0, s-maxage={seconds}, stale-while-revalidate={stale}, stale-if-error=86400"
    )
}

/// The prices in force, as today's front end reads them: whole euros, −1 for a price on request.
#[utoipa::path(
    get, path = "/api/pricing/data", tag = "configurator",
    responses(
        (status = 200, description = "The prices, their version, and since when they are in force."),
        (status = 304, description = "As the client has them."),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn pricing_data(cx: Context) -> Result<Response, Problem> {
    let (list, next_change) = in_force(&cx).await?;
    let data = in_old_shape(&list.catalogue);
    let etag = etag(&format!("{} {data}", list.version));
    let cache_control = cache_control(next_change, cx.now);
    let mut response = unless_known(&cx.caller, &etag, &cache_control, || {
        Json(json!({
            "success": true,
            "data": data,
            "cached": false,
            "version": list.version,
            "syncedAt": iso(list.effective_from),
            "timestamp": iso(cx.now),
        }))
        .into_response()
    });
    let own = format!("public, s-maxage={}", shared_seconds(&cache_control));
    if let Ok(value) = HeaderValue::from_str(&own) {
        response.headers_mut().insert("cdn-cache-control", value);
    }
    Ok(response)
}

fn shared_seconds(cache_control: &str) -> &str {
    let after = cache_control.split("s-maxage=").nth(1).unwrap_or_default();
    after.split(',').next().unwrap_or_default()
}

fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A configuration to be priced: the choices by category, at the top, in `selections` or in
/// `configuration`. A choice is `"nest80"`, `{"value": "nest80"}` or `{"option": "pv_modules",
/// "quantity": 4}`.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read in three shapes")]
struct Calculate {
    /// Choice by category.
    #[schema(value_type = Option<Object>)]
    selections: Option<Value>,
    /// Choice by category.
    #[schema(value_type = Option<Object>)]
    configuration: Option<Value>,
    /// The size, where the choices are at the top.
    #[schema(value_type = Option<Object>)]
    nest: Option<Value>,
}

/// The price of a configuration under the price list in force. Prices in the request are not read.
#[utoipa::path(
    post, path = "/api/pricing/calculate", tag = "configurator", request_body = Calculate,
    responses(
        (status = 200, description = "The price: in euros as today's front end reads it, and as `quote` in cents with lines and warnings."),
        (status = 400, description = "Not readable, or no size chosen.", body = ProblemDocument),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
        (status = 422, description = "There is no such size.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn calculate_price(cx: Context, Body(body): Body) -> Result<Json<Value>, Problem> {
    let nested = ["selections", "configuration"].into_iter();
    let choices = nested.filter_map(|field| body.get(field)).find(|value| value.is_object());
    let (list, _) = in_force(&cx).await?;
    let catalogue = &list.catalogue;
    let selections = Selections::read(choices.unwrap_or(&body), catalogue);
    let base = catalogue.base();
    let Some(size) = selections.option(base) else {
        let required = vec![FieldError::required(base)];
        return Err(Problem::legacy("Hoam type required", required));
    };
    if catalogue.sizes().all(|known| known.id != size) {
        let known: Vec<&str> = catalogue.sizes().map(|size| size.id.as_str()).collect();
        let message = format!("`{size}` is no size; there are {}", known.join(", "));
        return Err(Problem::field(FieldError::new(base, "unknown", message)));
    }
    let quote = price(&selections, &list);
    Ok(Json(json!({
        "success": true,
        "totalPrice": euros(quote.total_cents),
        "priceBreakdown": breakdown(&quote, base),
        "timestamp": cx.now.timestamp_millis(),
        "quote": quote,
    })))
}

/// The lines as today's front end reads them; base price and options sum to the total.
fn breakdown(quote: &Quote, base: &str) -> Value {
    let (house, others): (Vec<&Line>, Vec<&Line>) =
        quote.lines.iter().partition(|line| line.category == base);
    let options: Map<String, Value> = others
        .into_iter()
        .filter(|line| line.amount_cents != 0)
        .map(|line| {
            let option = json!({"name": line.name, "price": euros(line.amount_cents)});
            (line.category.clone(), option)
        })
        .collect();
    let base_cents: i64 = house.iter().map(|line| line.amount_cents).sum();
    json!({
        "basePrice": euros(base_cents),
        "options": options,
        "totalPrice": euros(quote.total_cents),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn no_cache_holds_prices_beyond_their_end() {
        let now = DateTime::UNIX_EPOCH;
        let in_seconds = |seconds| cache_control(Some(now + TimeDelta::seconds(seconds)), now);
        assert!(cache_control(None, now).contains("s-maxage=60, stale-while-revalidate=60"));
        assert!(in_seconds(3600).contains("s-maxage=60"));
        assert!(in_seconds(7).contains("s-maxage=7, stale-while-revalidate=0"));
        assert!(in_seconds(-1).contains("s-maxage=0"));
        assert_eq!(shared_seconds(&in_seconds(7)), "7");
    }
}
