//! A catalogue in the shape that today's front end reads: whole euros, −1 for a price on request.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, CatalogueOption, Category, ChoiceKind, Pricing};
use super::price::Price;

/// Cents as the euros that today's front end counts in: whole where they are whole.
#[must_use]
pub fn euros(cents: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^52 cents")]
    if cents % 100 == 0 { json!(cents / 100) } else { json!(cents as f64 / 100.0) }
}

/// The prices of a catalogue as today's front end reads them.
#[must_use]
pub fn pricing_data(catalogue: &Catalogue) -> Value {
    let mut data = json!({});
    for category in catalogue.categories() {
        if let Some(path) = &category.pricing_data {
            put(&mut data, path, of_category(catalogue, category));
        }
    }
    data
}

/// Puts a value at a path with dots. What stands in its way goes: a checked catalogue has nothing
/// there.
fn put(data: &mut Value, path: &str, value: Value) {
    let place = path.split('.').fold(data, |place, step| {
        if !place.is_object() {
            *place = json!({});
        }
        &mut place[step]
    });
    *place = value;
}

/// The places of all prices that today's front end can read, with dots.
#[must_use]
pub(super) fn pricing_data_paths(catalogue: &Catalogue) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut open = vec![(String::new(), pricing_data(catalogue))];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                let at = |key: &str| {
                    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
                };
                open.extend(map.into_iter().map(|(key, value)| (at(&key), value)));
            }
            _ => {
                paths.insert(path);
            }
        }
    }
    paths
}

/// What an option costs; nothing where it is free.
fn cell(
    catalogue: &Catalogue,
    category: &Category,
    option: &CatalogueOption,
    (variant, size): (&str, Option<&str>),
) -> Value {
    if option.free {
        return json!(0);
    }
    number(catalogue.price(&category.id, &option.id, variant, size))
}

fn number(price: Option<Price>) -> Value {
    match price {
        Some(Price::Amount(cents)) => euros(cents),
        Some(Price::OnRequest) | None => json!(-1),
    }
}

fn of_category(catalogue: &Catalogue, category: &Category) -> Value {
    match &category.pricing {
        Pricing::Base => object(&category.options, |size| base(catalogue, category, size)),
        Pricing::PerUnit => unit(catalogue, category),
        Pricing::ByQuantity => by_quantity(catalogue, category),
        Pricing::With { category: other } => {
            let others = catalogue.category(other).map_or(&[][..], |other| &other.options);
            object(&category.options, |option| {
                by_size(catalogue, |size| {
                    object(others, |other| {
                        cell(catalogue, category, option, (&other.id, Some(size)))
                    })
                })
            })
        }
        Pricing::Included { category: other, reference } => object(&category.options, |option| {
            let reference = reference.as_deref().unwrap_or_default();
            by_size(catalogue, |size| {
                number(catalogue.price(other, reference, &option.id, Some(size)))
            })
        }),
        Pricing::Flat => only(category, |option| cell(catalogue, category, option, ("", None))),
        Pricing::BySize { .. } => only(category, |option| {
            by_size(catalogue, |size| cell(catalogue, category, option, ("", Some(size))))
        }),
    }
}

/// What each priced option of a category costs; of a toggle just that of its one option.
fn only(category: &Category, of: impl Fn(&CatalogueOption) -> Value) -> Value {
    match (category.choice, category.options.first()) {
        (ChoiceKind::Toggle, Some(option)) => of(option),
        _ => category
            .options
            .iter()
            .filter(|option| !option.free)
            .map(|option| (option.id.clone(), of(option)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn object(options: &[CatalogueOption], of: impl Fn(&CatalogueOption) -> Value) -> Value {
    options.iter().map(|option| (option.id.clone(), of(option))).collect::<Map<_, _>>().into()
}

fn by_size(catalogue: &Catalogue, of: impl Fn(&str) -> Value) -> Value {
    catalogue.sizes().map(|size| (size.id.clone(), of(&size.id))).collect::<Map<_, _>>().into()
}

fn base(catalogue: &Catalogue, category: &Category, size: &CatalogueOption) -> Value {
    let price = catalogue.price(&category.id, &size.id, "", None);
    let area = f64::from(size.area_dm2) / 100.0;
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^52 cents")]
    let by_square_metre =
        price.and_then(Price::cents).map_or(-1.0, |cents| cents as f64 / 100.0 / area);
    json!({
        "price": number(price),
        "pricePerSqm": by_square_metre,
        "squareMeters": square_metres(size.area_dm2),
    })
}

/// Square metres, whole where they are whole.
fn square_metres(area_dm2: u32) -> Value {
    if area_dm2.is_multiple_of(100) {
        json!(area_dm2 / 100)
    } else {
        json!(f64::from(area_dm2) / 100.0)
    }
}

fn unit(catalogue: &Catalogue, category: &Category) -> Value {
    let Some(option) = category.options.first() else { return Value::Null };
    json!({
        "basePrice": cell(catalogue, category, option, ("", None)),
        "maxAmounts": by_size(catalogue, |size| json!(option.quantity_max.get(size))),
    })
}

fn by_quantity(catalogue: &Catalogue, category: &Category) -> Value {
    let Some(option) = category.options.first() else { return Value::Null };
    let most = option.quantity_max.values().copied().max().unwrap_or(0);
    let prices = |size: &str| -> Value {
        (1..=most)
            .map(|n| n.to_string())
            .map(|n| (n.clone(), cell(catalogue, category, option, (&n, Some(size)))))
            .collect::<Map<_, _>>()
            .into()
    };
    json!({
        "pricesByQuantity": by_size(catalogue, prices),
        "maxModules": by_size(catalogue, |size| json!(option.quantity_max.get(size))),
    })
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Catalogue, CatalogueDocument, first};
    use super::*;

    #[test]
    fn every_section_that_the_front_end_reads_is_there() {
        let data = pricing_data(&first());
        assert_eq!(data["nest"]["nest80"]["price"], json!(213_032));
        assert_eq!(data["nest"]["nest80"]["squareMeters"], json!(75));
        assert!(
            (data["nest"]["nest80"]["pricePerSqm"].as_f64().unwrap() - 2_840.426_666_666_666_7)
                .abs()
                < 1e-9
        );
        assert_eq!(data["geschossdecke"]["basePrice"], json!(4115));
        assert_eq!(data["geschossdecke"]["maxAmounts"]["nest160"], json!(7));
        assert_eq!(data["gebaeudehuelle"]["trapezblech"]["nest80"], json!(0));
        assert_eq!(data["bodenbelag"]["parkett"]["nest160"], json!(43_891));
        assert_eq!(data["pvanlage"]["pricesByQuantity"]["nest80"]["16"], json!(39_539));
        assert_eq!(data["pvanlage"]["maxModules"]["nest100"], json!(10));
        assert_eq!(data["belichtungspaket"]["medium"]["nest80"], json!(39_250));
        assert_eq!(data["fenster"]["totalPrices"]["pvc_fenster"]["nest80"]["light"], json!(15_107));
        assert_eq!(data["optionen"]["kaminschacht"], json!(887));
        assert_eq!(data["optionen"]["fundament"]["nest140"], json!(27_090));
        let packages: Vec<&String> = data["planungspaket"].as_object().unwrap().keys().collect();
        assert_eq!(packages, ["plus", "pro"]);
        assert!(pricing_data_paths(&first()).contains("fenster.totalPrices.holz.nest160.bright"));
    }

    #[test]
    fn a_price_on_request_is_minus_one_and_cents_are_kept() {
        let mut document: CatalogueDocument = serde_json::from_str(Catalogue::FIRST).unwrap();
        for row in &mut document.prices {
            match row.category.as_str() {
                "kamindurchzug" => row.price = Some(Price::OnRequest),
                "geschossdecke" => row.price = Some(Price::Amount(411_550)),
                _ => {}
            }
        }
        let data = pricing_data(&Catalogue::new(document).unwrap());
        assert_eq!(data["optionen"]["kaminschacht"], json!(-1));
        assert_eq!(data["geschossdecke"]["basePrice"], json!(4115.5));
    }
}
