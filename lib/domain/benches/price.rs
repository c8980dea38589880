//! How long the price of a house takes, in process. `scripts/bench` says which figures are promised.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use criterion::Criterion;
use nest_haus_domain::configurator::{Catalogue, Choice, PriceList, PriceLists, Selections, price};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A choice in every category, as today's front end sends it.
const FULL: &str = include_str!("full_configuration.json");

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    baseline(&mut criterion);
    let list = first_list();
    prices(&mut criterion, &list);
    configurations(&mut criterion, &Arc::new(list));
    criterion.final_summary();
}

/// What the other figures are compared with, so that they mean something on any machine.
fn baseline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("baseline");
    group.bench_function("parse_json", |bencher| {
        bencher.iter(|| serde_json::from_str::<Value>(black_box(FULL)).unwrap());
    });
    group.bench_function("sha256", |bencher| {
        bencher.iter(|| Sha256::digest(black_box(FULL)));
    });
}

fn prices(criterion: &mut Criterion, list: &PriceList) {
    let mut group = criterion.benchmark_group("price");
    for (name, selections) in [
        ("empty", Selections::default()),
        ("default", preselected(&list.catalogue)),
        ("full", full(&list.catalogue)),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| price(black_box(&selections), list));
        });
    }
}

fn configurations(criterion: &mut Criterion, list: &Arc<PriceList>) {
    let catalogue = &list.catalogue;
    let configuration: Value = serde_json::from_str(FULL).unwrap();
    let selections = full(catalogue);
    let claimed = Some(price(&selections, list).total_cents);
    let lists = PriceLists::new(vec![list.clone()]);
    let mut group = criterion.benchmark_group("full");
    group.bench_function("read", |bencher| {
        bencher.iter(|| Selections::read(black_box(&configuration), catalogue));
    });
    group.bench_function("canonical_form_and_hash", |bencher| {
        bencher.iter(|| black_box(&selections).canonical(catalogue).hash());
    });
    // What the drain does with each snapshot.
    group.bench_function("appraise", |bencher| {
        bencher.iter(|| lists.appraise(black_box(&configuration), claimed, list.effective_from));
    });
}

fn first_list() -> PriceList {
    let catalogue = Catalogue::new(serde_json::from_str(Catalogue::FIRST).unwrap()).unwrap();
    PriceList { version: 1, effective_from: DateTime::UNIX_EPOCH, catalogue }
}

/// What is chosen when a visitor begins.
fn preselected(catalogue: &Catalogue) -> Selections {
    let mut selections = Selections::default();
    for category in catalogue.categories() {
        if let Some(option) = category.default_option() {
            let choice = Choice { option: option.id.clone(), quantity: None };
            selections.set(category.id.clone(), choice);
        }
    }
    selections
}

fn full(catalogue: &Catalogue) -> Selections {
    let selections = Selections::read(&serde_json::from_str(FULL).unwrap(), catalogue);
    assert_eq!(selections.iter().count(), catalogue.categories().len());
    selections
}
