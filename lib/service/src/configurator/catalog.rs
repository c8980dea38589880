//! The catalogue as everybody may read it.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use nest_haus_domain::configurator::{
    Catalogue, CatalogueDocument, CatalogueOption, Category, Price, PriceRow, euros,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::pricing::in_force;
use crate::http::{Context, Problem, ProblemDocument, Query, unless_known};

/// The catalogue in force.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogueInForce {
    /// Version of the price list.
    version: i32,
    /// Since when it is in force.
    effective_from: DateTime<Utc>,
    /// Categories, options, rules and prices; prices are cents, or `on_request`.
    #[schema(value_type = CatalogueDocument)]
    catalogue: Value,
}

/// The catalogue in force: categories, options, what goes with what, prices in cents.
#[utoipa::path(
    get, path = "/api/catalog", tag = "configurator",
    responses(
        (status = 200, description = "The catalogue.", body = CatalogueInForce),
        (status = 304, description = "As the client has it."),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
    )
)]
pub async fn catalog(cx: Context) -> Result<Response, Problem> {
    let in_force = in_force(&cx).await?;
    let list = &in_force.list;
    let cache_control = in_force.cache_control(cx.now);
    Ok(unless_known(&cx.caller, &in_force.etag(&cx), &cache_control, || {
        let answer = CatalogueInForce {
            version: list.version,
            effective_from: list.effective_from,
            catalogue: json!(list.catalogue.document()),
        };
        Json(answer).into_response()
    }))
}

/// The options on offer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct HouseOptions {
    /// Always true.
    success: bool,
    /// The options, in the order of the catalogue.
    data: Vec<HouseOption>,
    /// When this was answered, in milliseconds since 1970.
    timestamp: i64,
}

/// One thing that can be chosen.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct HouseOption {
    /// Category and option, with a colon between.
    id: String,
    /// The category.
    category: String,
    /// The option.
    value: String,
    /// What visitors read.
    name: String,
    /// What visitors read below the name.
    description: Option<String>,
    /// Euros for the smallest size; −1 on request.
    base_price: f64,
    /// A picture.
    image_url: Option<String>,
    /// What else the catalogue says.
    properties: HouseOptionProperties,
}

/// What the catalogue says of an option.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct HouseOptionProperties {
    /// Preselected when a visitor begins.
    default: bool,
    /// Usable area that it adds, in square decimetres; of one piece.
    area_dm2: u32,
    /// Most pieces, by size.
    quantity_max: BTreeMap<String, u32>,
    /// What it costs.
    prices: Vec<PriceRow>,
    /// Anything else that a user interface shows.
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// Which options.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HouseOptionsQuery {
    /// Those of one category.
    category: Option<String>,
}

/// The options on offer, in the shape of the system before.
#[utoipa::path(
    get, path = "/api/house-options", tag = "configurator", params(HouseOptionsQuery),
    responses(
        (status = 200, description = "The options; `basePrice` is the price for the smallest size in euros, −1 on request.", body = HouseOptions),
        (status = 304, description = "As the client has them."),
        (status = 404, description = "No price list was ever published.", body = ProblemDocument),
    )
)]
pub async fn house_options(
    cx: Context,
    Query(query): Query<HouseOptionsQuery>,
) -> Result<Response, Problem> {
    let in_force = in_force(&cx).await?;
    let list = &in_force.list;
    let catalogue = &list.catalogue;
    let wanted = |category: &&Category| {
        !category.retired && query.category.as_ref().is_none_or(|id| *id == category.id)
    };
    let cache_control = in_force.cache_control(cx.now);
    Ok(unless_known(&cx.caller, &in_force.etag(&cx), &cache_control, || {
        let options: Vec<Value> = catalogue
            .categories()
            .iter()
            .filter(wanted)
            .flat_map(|category| category.options.iter().map(move |option| (category, option)))
            .map(|(category, option)| house_option(catalogue, category, option))
            .collect();
        let timestamp = cx.now.timestamp_millis();
        Json(json!({"success": true, "data": options, "timestamp": timestamp})).into_response()
    }))
}

fn house_option(catalogue: &Catalogue, category: &Category, option: &CatalogueOption) -> Value {
    let rows = catalogue.document().prices.iter();
    let rows: Vec<&PriceRow> =
        rows.filter(|row| row.category == category.id && row.option == option.id).collect();
    let smallest = catalogue.sizes().next().map(|size| size.id.as_str());
    let base_price = match rows.first().and_then(|row| row.for_size(smallest)) {
        Some(Price::Amount(cents)) => euros(cents),
        Some(Price::OnRequest) => json!(-1),
        None => json!(0),
    };
    let mut properties = option.properties.clone();
    properties.insert("default".to_owned(), json!(option.default));
    properties.insert("areaDm2".to_owned(), json!(option.area_dm2));
    properties.insert("quantityMax".to_owned(), json!(option.quantity_max));
    properties.insert("prices".to_owned(), json!(rows));
    json!({
        "id": format!("{}:{}", category.id, option.id),
        "category": category.id,
        "value": option.id,
        "name": option.name,
        "description": option.description,
        "basePrice": base_price,
        "imageUrl": option.properties.get("imageUrl"),
        "properties": properties,
    })
}
