//! Assignment beside the vectors that the browser's tests read too.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const VECTORS: &str = include_str!("../../../../web/tracker/test/vectors/assignment.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    experiment_id: String,
    salt: String,
    unit_id: String,
    variants: Vec<(String, u32)>,
    bucket: u64,
    variant: Option<String>,
}

fn variants(weights: &[(String, u32)]) -> Vec<Variant> {
    weights.iter().map(|(key, weight)| Variant { key: key.clone(), weight: *weight }).collect()
}

#[test]
fn assigns_as_the_browser_does() {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS).unwrap();
    assert!(vectors.len() > 20);
    for vector in vectors {
        let Vector { experiment_id, salt, unit_id, .. } = &vector;
        assert_eq!(bucket(experiment_id, salt, unit_id), vector.bucket, "{unit_id}");
        let variants = variants(&vector.variants);
        let assigned = assign(experiment_id, salt, unit_id, &variants);
        assert_eq!(assigned.map(|variant| &variant.key), vector.variant.as_ref(), "{unit_id}");
    }
}

#[test]
fn a_boundary_bucket_belongs_to_the_variant_that_begins_with_it() {
    let halves = variants(&[("a".to_owned(), 1), ("b".to_owned(), 1)]);
    let key = |bucket| variant_of(&halves, bucket).map(|variant| variant.key.as_str());
    assert_eq!(
        (key(0), key(4999), key(5000), key(9999)),
        (Some("a"), Some("a"), Some("b"), Some("b"))
    );
}

#[test]
fn another_salt_deals_anew() {
    let units = (0..1000).map(|unit| format!("visitor-{unit}"));
    let same = units.filter(|unit| bucket("e", "1", unit) == bucket("e", "2", unit)).count();
    assert!(same < 5, "{same} of 1000 in the same bucket");
}

proptest! {
    #[test]
    fn every_variant_gets_as_many_buckets_as_its_weight_says(
        weights in proptest::collection::vec(0_u32..1000, 1..6)
    ) {
        let named: Vec<_> = weights.iter().enumerate().map(|(n, weight)| (n.to_string(), *weight)).collect();
        let variants = variants(&named);
        let total: u32 = weights.iter().sum();
        for variant in &variants {
            let buckets = (0..BUCKETS).filter(|bucket| variant_of(&variants, *bucket) == Some(variant)).count();
            let share = if total == 0 { 0.0 } else { f64::from(variant.weight) / f64::from(total) };
            let difference = (f64::from(u32::try_from(buckets).unwrap()) - share * 10_000.0).abs();
            prop_assert!(difference <= 1.0, "{buckets} buckets for a share of {share}");
        }
    }

    #[test]
    fn a_unit_always_gets_the_same(unit in ".{0,40}", experiment in ".{0,20}") {
        let first = bucket(&experiment, "salt", &unit);
        prop_assert!(first < BUCKETS);
        prop_assert_eq!(bucket(&experiment, "salt", &unit), first);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn units_follow_the_weights(salt in "[a-z]{8}", weight in 1_u32..10) {
        let variants = variants(&[("a".to_owned(), weight), ("b".to_owned(), 10 - weight)]);
        let units = 4000_u32;
        let mut of_a = 0_u32;
        for unit in 0..units {
            let assigned = assign("experiment", &salt, &format!("visitor-{unit}"), &variants);
            of_a += u32::from(assigned.is_some_and(|variant| variant.key == "a"));
        }
        let share = f64::from(weight) / 10.0;
        let error = (share * (1.0 - share) / f64::from(units)).sqrt();
        let difference = (f64::from(of_a) / f64::from(units) - share).abs();
        prop_assert!(difference < 5.5 * error, "{of_a} of {units} for a share of {share}");
    }
}
