//! How two catalogues differ, told so that a person can check it before publishing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::catalogue::{Catalogue, CatalogueDocument};
use super::price::Price;

/// One difference between two catalogues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum CatalogueChange {
    /// A price.
    Price {
        /// The category.
        category: String,
        /// The option.
        option: String,
        /// The quantity, or the option of another category.
        #[serde(skip_serializing_if = "Option::is_none")]
        variant: Option<String>,
        /// The size; nothing where the price is for any.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<String>,
        /// The price before; nothing where there was none.
        from: Option<Price>,
        /// The price after; nothing where there is none any more.
        to: Option<Price>,
    },
    /// Anything else: an option, a rule, a name, ...
    Structure {
        /// Where: `categories.fenster.options.holz` for example.
        place: String,
        /// What stood there; null where there was nothing.
        from: Value,
        /// What stands there now; null where there is nothing any more.
        to: Value,
    },
}

type PriceKey = (String, String, Option<String>, Option<String>);

/// Everything that is different in `after`.
#[must_use]
pub fn catalogue_changes(before: &Catalogue, after: &Catalogue) -> Vec<CatalogueChange> {
    let mut changes = Vec::new();
    let (from, to) = (structure(before.document()), structure(after.document()));
    for place in from.keys().chain(to.keys()).collect::<BTreeSet<_>>() {
        let value = |of: &BTreeMap<String, Value>| of.get(place).cloned().unwrap_or_default();
        let (from, to) = (value(&from), value(&to));
        if from != to {
            changes.push(CatalogueChange::Structure { place: place.clone(), from, to });
        }
    }
    let (from, to) = (prices(before.document()), prices(after.document()));
    for key in from.keys().chain(to.keys()).collect::<BTreeSet<_>>() {
        let (from, to) = (from.get(key).copied(), to.get(key).copied());
        if from != to {
            let (category, option, variant, size) = key.clone();
            changes.push(CatalogueChange::Price { category, option, variant, size, from, to });
        }
    }
    changes
}

fn prices(document: &CatalogueDocument) -> BTreeMap<PriceKey, Price> {
    let mut prices = BTreeMap::new();
    for row in &document.prices {
        let key = |size| (row.category.clone(), row.option.clone(), row.variant.clone(), size);
        prices.extend(row.price.map(|price| (key(None), price)));
        prices.extend(row.prices.iter().map(|(size, price)| (key(Some(size.clone())), *price)));
    }
    prices
}

/// Everything but the prices, by place.
fn structure(document: &CatalogueDocument) -> BTreeMap<String, Value> {
    let mut places = BTreeMap::from([
        ("currency".to_owned(), json!(document.currency)),
        ("base".to_owned(), json!(document.base)),
        ("rules".to_owned(), json!(document.rules)),
        (
            "categories".to_owned(),
            document.categories.iter().map(|category| json!(category.id)).collect(),
        ),
    ]);
    for category in &document.categories {
        let place = format!("categories.{}", category.id);
        let mut fields = json!(category);
        let options = fields.as_object_mut().and_then(|fields| fields.remove("options"));
        let order = category.options.iter().map(|option| json!(option.id)).collect();
        places.insert(format!("{place}.options"), order);
        places.insert(place.clone(), fields);
        for (option, value) in
            category.options.iter().zip(options.iter().filter_map(Value::as_array).flatten())
        {
            places.insert(format!("{place}.options.{}", option.id), value.clone());
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::first;
    use super::super::samples::any_list;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_price_and_a_changed_name_are_two_changes() {
        let before = first();
        let mut document = before.document().clone();
        document.categories[1].name = "Decke".to_owned();
        document.prices[0].price = Some(Price::Amount(1));
        let changes = catalogue_changes(&before, &Catalogue::new(document).unwrap());
        assert_eq!(changes.len(), 2);
        assert!(
            matches!(&changes[0], CatalogueChange::Structure { place, .. } if place == "categories.geschossdecke")
        );
        assert_eq!(
            json!(changes[1]),
            json!({"kind": "price", "category": "nest", "option": "nest80", "from": 21_303_200, "to": 1})
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_catalogue_does_not_differ_from_itself_and_differs_both_ways_alike(list in any_list()) {
            let (before, after) = (first(), list.catalogue);
            prop_assert!(catalogue_changes(&after, &after).is_empty());
            let there = catalogue_changes(&before, &after).len();
            prop_assert_eq!(there, catalogue_changes(&after, &before).len());
        }
    }
}
