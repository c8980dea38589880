//! Prices for the configurator: the data that it calculates with, and the price by the server.

use axum::Json;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use nest_haus_domain::configurator::{
    Line, PriceList, Quote, Selections, euros, price, pricing_data as in_old_shape,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

use super::store::{Known, price_lists_since};
use crate::http::{
    Body, Context, FieldError, FreeObject, Problem, ProblemDocument, etag, unless_known,
};

/// Longest time in seconds that a shared cache may hold prices.
const SHARED_SECONDS_MAX: i64 = 60;

/// Longest time in seconds that a shared cache may go on with prices while it cannot get new ones.
const STALE_SECONDS_MAX: i64 = 86_400;

/// The price list in force.
pub(super) struct InForce {
    /// The list.
    pub list: Arc<PriceList>,
    /// When it is succeeded, if that is known.
    pub next_change: Option<DateTime<Utc>>,
    /// Whether the database said so just now; otherwise it is what this process read last.
    pub live: bool,
}

/// The price list in force and when it is succeeded.
pub(super) async fn in_force(cx: &Context) -> Result<InForce, Problem> {
    let Known { lists, live } = price_lists_since(&cx.app, cx.now).await?;
    let list = lists.at(cx.now).cloned().ok_or(Problem::NotFound("Price list"))?;
    Ok(InForce { list, next_change: lists.next_change(cx.now), live })
}

impl InForce {
    /// How long in seconds a shared cache may hold answers made of it.
    fn shared_seconds(&self, now: DateTime<Utc>) -> i64 {
        self.seconds_left(now).clamp(0, if self.live { SHARED_SECONDS_MAX } else { 0 })
    }

    fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        self.next_change.map_or(i64::MAX, |next| (next - now).num_seconds())
    }

    /// Names what an endpoint makes of it: a list never changes, and what is made of it changes with
    /// the release alone.
    pub(super) fn etag(&self, cx: &Context) -> String {
        etag(&format!("{} {}", self.list.version, cx.app.config.release))
    }

    /// How long answers made of it may be held: never beyond its end.
    pub(super) fn cache_control(&self, now: DateTime<Utc>) -> String {
        let shared = self.shared_seconds(now);
        let left = self.seconds_left(now).saturating_sub(shared);
        let revalidating = left.clamp(0, shared);
        let failing = left.clamp(0, STALE_SECONDS_MAX);
        format!(
            "public, max-age=0, s-maxage={shared}, stale-while-revalidate={revalidating}, \
             stale-if-error={failing}"
        )
    }
}

/// The prices in force.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct PricingData {
    /// Always true.
    success: bool,
    /// Prices in euros by category and option, in the shape that the catalogue's `pricingData` names;
    /// −1 is a price on request.
    data: BTreeMap<String, PricingDatum>,
    /// Whether the database is out of reach and these prices were read before.
    cached: bool,
    /// The price list.
    version: i32,
    /// Since when it is in force.
    synced_at: DateTime<Utc>,
    /// When this was answered.
    timestamp: DateTime<Utc>,
}

/// A price, an area or a number of pieces, or more of them by name: option, size or quantity.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(no_recursion)]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
enum PricingDatum {
    /// The catalogue says nothing.
    Nothing,
    /// One number.
    Number(f64),
    /// By name.
    ByName(BTreeMap<String, PricingDatum>),
}

/// The prices in force, as today's front end reads them: whole euros, −1 for a price on request.
#[utoipa::path(
    get, path = "/api/pricing/data", tag = "configurator",
    responses(
        (status = 200, description = "The prices, their version, and since when they are in force.", body = PricingData),
        (status = 304, description = "As the client has them."),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
    )
)]
pub async fn pricing_data(cx: Context) -> Result<Response, Problem> {
    let in_force = in_force(&cx).await?;
    let list = &in_force.list;
    let etag = in_force.etag(&cx);
    let cache_control = in_force.cache_control(cx.now);
    let mut response = unless_known(&cx.caller, &etag, &cache_control, || {
        Json(json!({
            "success": true,
            "data": in_old_shape(&list.catalogue),
            "cached": !in_force.live,
            "version": list.version,
            "syncedAt": iso(list.effective_from),
            "timestamp": iso(cx.now),
        }))
        .into_response()
    });
    let own = format!("public, s-maxage={}", in_force.shared_seconds(cx.now));
    if let Ok(value) = HeaderValue::from_str(&own) {
        response.headers_mut().insert("cdn-cache-control", value);
    }
    Ok(response)
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
    #[schema(value_type = Option<FreeObject>)]
    selections: Option<Value>,
    /// Choice by category.
    #[schema(value_type = Option<FreeObject>)]
    configuration: Option<Value>,
    /// The size, where the choices are at the top.
    nest: Option<Value>,
}

/// What a configuration costs.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct CalculatedPrice {
    /// Always true.
    success: bool,
    /// Euros.
    total_price: f64,
    /// Where the total comes from.
    price_breakdown: PriceBreakdown,
    /// When this was answered, in milliseconds since 1970.
    timestamp: i64,
    /// The same in cents, line by line.
    quote: Quote,
}

/// Where a total comes from, in euros.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct PriceBreakdown {
    /// The house alone.
    base_price: f64,
    /// What else costs something, by category.
    options: BTreeMap<String, PricedOption>,
    /// The sum.
    total_price: f64,
}

/// What an option costs, in euros.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct PricedOption {
    /// What visitors call it.
    name: String,
    /// What it adds.
    price: f64,
}

/// The price of a configuration under the price list in force. Prices in the request are not read.
#[utoipa::path(
    post, path = "/api/pricing/calculate", tag = "configurator", request_body = Calculate,
    responses(
        (status = 200, description = "The price: in euros as today's front end reads it, and as `quote` in cents with lines and warnings.", body = CalculatedPrice),
        (status = 400, description = "Not readable, or no size chosen.", body = ProblemDocument),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
        (status = 422, description = "There is no such size.", body = ProblemDocument),
    )
)]
pub async fn calculate_price(cx: Context, Body(body): Body) -> Result<Json<Value>, Problem> {
    let nested = ["selections", "configuration"].into_iter();
    let choices = nested.filter_map(|field| body.get(field)).find(|value| value.is_object());
    let list = in_force(&cx).await?.list;
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
    use nest_haus_domain::configurator::Catalogue;

    fn in_force(seconds_left: Option<i64>, live: bool) -> InForce {
        let document = serde_json::from_str(Catalogue::FIRST).unwrap();
        let effective_from = DateTime::UNIX_EPOCH;
        let catalogue = Catalogue::trusted(document);
        let list = Arc::new(PriceList { version: 1, effective_from, catalogue });
        let next_change = seconds_left.map(|left| effective_from + TimeDelta::seconds(left));
        InForce { list, next_change, live }
    }

    #[test]
    fn no_cache_holds_prices_beyond_their_end() {
        for left in -5..=200 {
            let header = in_force(Some(left), true).cache_control(DateTime::UNIX_EPOCH);
            let seconds = |name: &str| -> i64 {
                let after = header.split(name).nth(1).unwrap();
                after.split(',').next().unwrap().parse().unwrap()
            };
            let held = seconds("s-maxage=");
            for stale in [seconds("stale-while-revalidate="), seconds("stale-if-error=")] {
                assert!(held + stale <= left.max(0), "{left}: {header}");
            }
            assert_eq!(held, left.clamp(0, 60));
        }
        let header = in_force(None, true).cache_control(DateTime::UNIX_EPOCH);
        assert!(header.ends_with("s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"));
    }

    #[test]
    fn what_may_be_out_of_date_is_not_held() {
        assert_eq!(in_force(None, false).shared_seconds(DateTime::UNIX_EPOCH), 0);
    }
}
