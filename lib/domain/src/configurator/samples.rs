//! Configurations and price lists for property tests.

use std::collections::BTreeMap;

use chrono::DateTime;
use proptest::prelude::*;

use super::catalogue::{Catalogue, CatalogueDocument, first};
use super::price::Price;
use super::quote::PriceList;
use super::selections::{Choice, Selections};

/// The first catalogue as a price list.
pub(super) fn first_list() -> PriceList {
    list(1, first())
}

pub(super) fn list(version: i32, catalogue: Catalogue) -> PriceList {
    let effective_from = DateTime::from_timestamp(i64::from(version) * 86_400, 0).unwrap();
    PriceList { version, effective_from, catalogue }
}

/// Any choices, some of them unknown to the catalogue or more than a size takes.
pub(super) fn any_selections() -> impl Strategy<Value = Selections> {
    let categories: Vec<(String, Vec<String>)> = first()
        .categories()
        .iter()
        .map(|category| {
            let options = category.options.iter().map(|option| option.id.clone());
            (category.id.clone(), options.chain(["gold".to_owned()]).collect())
        })
        .collect();
    let choices: Vec<_> = categories
        .into_iter()
        .map(|(category, options)| {
            let choice = (
                prop::sample::select(options),
                prop::option::of(prop_oneof![4 => 0_u32..30, 1 => any::<u32>()]),
            );
            (Just(category), prop::option::weighted(0.8, choice))
        })
        .collect();
    choices.prop_map(|choices| {
        let mut selections = Selections::default();
        for (category, choice) in choices {
            if let Some((option, quantity)) = choice {
                selections.set(category, Choice { option, quantity });
            }
        }
        selections
    })
}

/// A price list with the structure of the first and any prices.
pub(super) fn any_list() -> impl Strategy<Value = PriceList> {
    let price = || {
        prop_oneof![
            9 => (0..=Price::CENTS_MAX).prop_map(Price::Amount),
            1 => Just(Price::OnRequest),
        ]
    };
    let document: CatalogueDocument = first().document().clone();
    let cells: usize =
        document.prices.iter().map(|row| row.prices.len() + usize::from(row.price.is_some())).sum();
    (prop::collection::vec(price(), cells), 2..100_i32).prop_map(move |(prices, version)| {
        let mut document = document.clone();
        let mut prices = prices.into_iter();
        for row in &mut document.prices {
            row.price = row.price.and_then(|_| prices.next());
            let sizes: Vec<String> = row.prices.keys().cloned().collect();
            row.prices = sizes.into_iter().zip(prices.by_ref()).collect::<BTreeMap<_, _>>();
        }
        list(version, Catalogue::new(document).unwrap())
    })
}
