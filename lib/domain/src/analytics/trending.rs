//! Which options and configurations are chosen more often than before.

use chrono::TimeDelta;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use super::Rate;

/// The age at which a choice counts half.
const HALF_LIFE: TimeDelta = TimeDelta::days(14);

/// The share of false alarms that is accepted among the items that are said to be trending.
const FALSE_DISCOVERY_RATE_MAX: f64 = 0.1;

/// How often an item, an option or a configuration, was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrendCounts {
    /// Sum of [`decay_weight`] over the sessions with the item.
    pub decayed: f64,
    /// Sessions with the item in the recent period.
    pub recent: i64,
    /// Sessions with the item in the period of the same length before.
    pub baseline: i64,
}

/// Whether an item is chosen more often than before (definitions b4).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Trend {
    /// Sessions with the item, each weighted by its age with a half-life of 14 days.
    pub decayed_count: f64,
    /// Share of the recent sessions with the item.
    pub recent: Rate,
    /// Share of the sessions with the item in the period before.
    pub baseline: Rate,
    /// How many standard errors the recent share lies above the one before; nothing where a period
    /// has no sessions, or where none or all of the sessions of both have the item.
    pub z: Option<f64>,
    /// Probability, from 0 to 1, of a `z` at least as far from zero, either way, if nothing
    /// changed.
    pub p_value: Option<f64>,
    /// `p_value` adjusted by [`benjamini_hochberg`] for the number of items that have one.
    pub q_value: Option<f64>,
    /// Whether `q_value` is at most 0.1 and the recent share is the larger one.
    pub trending: bool,
}

/// Tells for each item, in the order given, whether it is chosen more often than before.
///
/// The totals are the sessions of each period, with or without the item.
#[must_use]
pub fn trends(items: &[TrendCounts], recent_total: i64, baseline_total: i64) -> Vec<Trend> {
    let mut trends: Vec<Trend> =
        items.iter().map(|item| Trend::untested(*item, recent_total, baseline_total)).collect();
    let p_values: Vec<f64> = trends.iter().filter_map(|trend| trend.p_value).collect();
    let tested = trends.iter_mut().filter(|trend| trend.p_value.is_some());
    for (trend, q_value) in tested.zip(benjamini_hochberg(&p_values)) {
        trend.q_value = Some(q_value);
        trend.trending =
            q_value <= FALSE_DISCOVERY_RATE_MAX && trend.recent.value > trend.baseline.value;
    }
    trends
}

impl Trend {
    /// The trend of one item, before it is adjusted for the others.
    fn untested(item: TrendCounts, recent_total: i64, baseline_total: i64) -> Self {
        let recent = Rate::new(item.recent, recent_total);
        let baseline = Rate::new(item.baseline, baseline_total);
        let z = two_proportion_z(recent, baseline);
        Self {
            decayed_count: item.decayed,
            recent,
            baseline,
            z,
            p_value: z.map(two_sided_p),
            q_value: None,
            trending: false,
        }
    }
}

/// The two-proportion z statistic of the recent share minus the one before, with the pooled
/// variance `p(1−p)(1/n₁ + 1/n₂)` and no continuity correction (definitions b4).
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(super) fn two_proportion_z(recent: Rate, baseline: Rate) -> Option<f64> {
    let difference = recent.value? - baseline.value?;
    let (recent_n, baseline_n) = (recent.den as f64, baseline.den as f64);
    let pooled = (recent.num as f64 + baseline.num as f64) / (recent_n + baseline_n);
    let variance = pooled * (1.0 - pooled) * (1.0 / recent_n + 1.0 / baseline_n);
    (variance > 0.0).then(|| difference / variance.sqrt())
}

/// The probability that a standard normal lies at least as far from zero as `z`.
pub(super) fn two_sided_p(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// How much a choice of that age counts, from 1 (now, or in the future) towards 0:
/// `2^(−age / 14 d)`.
#[must_use]
pub fn decay_weight(age: TimeDelta) -> f64 {
    let half_lives = age.as_seconds_f64() / HALF_LIFE.as_seconds_f64();
    (-half_lives.max(0.0)).exp2()
}

/// Each p-value, in the order given, adjusted so that calling those at most `q` a discovery makes
/// an expected share of at most `q` of the discoveries false.
///
/// Benjamini and Hochberg (1995), step-up: of `m` p-values, the one of rank `i` becomes the least
/// `p m / j` over the ranks `j ≥ i`, at most 1.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 items")]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let total = p_values.len();
    let mut descending: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    descending.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    let mut least = 1.0_f64;
    let mut adjusted: Vec<(usize, f64)> = Vec::with_capacity(total);
    for ((index, p_value), rank) in descending.into_iter().zip((1..=total).rev()) {
        least = least.min(p_value * (total as f64 / rank as f64));
        adjusted.push((index, least));
    }
    adjusted.sort_by_key(|(index, _)| *index);
    adjusted.into_iter().map(|(_, q_value)| q_value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(recent: i64, baseline: i64) -> TrendCounts {
        TrendCounts { decayed: 0.0, recent, baseline }
    }

    fn only(recent: (i64, i64), baseline: (i64, i64)) -> Trend {
        trends(&[counts(recent.0, baseline.0)], recent.1, baseline.1).remove(0)
    }

    fn assert_near(actual: f64, expected: f64) {
        let tolerance = 1e-9 * expected.abs() + 1e-12;
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected}");
    }

    #[test]
    fn z_and_p_are_those_of_statsmodels() {
        // ((recent, total), (baseline, total), z, p), cases of ab_tests_edge.json (statsmodels).
        let cases = [
            ((4, 10), (1, 10), 1.549_193_338_482_967, 0.121_335_250_358_482_04),
            ((5, 50), (0, 50), 2.294_157_338_705_618, 0.021_781_462_791_119_477),
            ((28, 30), (30, 30), -1.438_389_904_456_152_3, 0.150_323_455_478_668_32),
            ((50, 1000), (50, 1000), 0.0, 1.0),
            (
                (1_004_000, 20_000_000),
                (1_000_000, 20_000_000),
                2.899_160_032_440_797_3,
                0.003_741_638_657_109_896_7,
            ),
            ((70, 1100), (450, 9000), 1.931_934_649_702_783_4, 0.053_367_572_395_044_284),
            ((520, 10_600), (500, 10_000), -0.311_942_284_188_371_1, 0.755_084_386_582_733_7),
        ];
        for (recent, baseline, z, p_value) in cases {
            let trend = only(recent, baseline);
            assert_near(trend.z.unwrap(), z);
            assert_near(trend.p_value.unwrap(), p_value);
        }
    }

    #[test]
    fn the_tail_of_the_normal_is_right_far_out() {
        // (z, Φ(−z)), from distributions.json (mpmath, 40 digits).
        let tails = [
            (1e-8, 0.499_999_996_010_577_2),
            (1.96, 0.024_997_895_148_220_436),
            (3.0, 0.001_349_898_031_630_094_6),
            (6.0, 9.865_876_450_376_98e-10),
            (8.5, 9.479_534_822_203_318e-18),
            (20.0, 2.753_624_118_606_233_7e-89),
        ];
        for (z, tail) in tails {
            for sign in [1.0, -1.0] {
                let p_value = two_sided_p(sign * z);
                assert!((p_value / (2.0 * tail) - 1.0).abs() < 1e-9, "{z}: {p_value}");
            }
        }
    }

    #[test]
    fn without_sessions_or_without_variance_there_is_no_test() {
        let untested =
            [((0, 0), (3, 9)), ((3, 9), (0, 0)), ((0, 100), (0, 120)), ((30, 30), (50, 50))];
        for (recent, baseline) in untested {
            let trend = only(recent, baseline);
            assert_eq!((trend.z, trend.p_value, trend.q_value), (None, None, None));
            assert!(!trend.trending);
        }
    }

    #[test]
    fn the_adjustment_is_the_published_one() {
        // The fifteen p-values of Benjamini and Hochberg (1995, section 3.2); adjusted by scipy.
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let expected = [
            0.0015,
            0.003,
            0.0095,
            0.035_625,
            0.0603,
            0.063_857_142_857_142_86,
            0.063_857_142_857_142_86,
            0.0645,
            0.0765,
            0.486,
            0.581_181_818_181_818_1,
            0.714_875,
            0.753_230_769_230_769_3,
            0.813_214_285_714_285_7,
            1.0,
        ];
        let adjusted = benjamini_hochberg(&p_values);
        for (actual, expected) in adjusted.iter().zip(expected) {
            assert_near(*actual, expected);
        }
        assert_eq!(adjusted.iter().filter(|q_value| **q_value <= 0.05).count(), 4);
    }

    #[test]
    fn equal_p_values_are_adjusted_equally_and_in_place() {
        // Adjusted by scipy.
        let adjusted = benjamini_hochberg(&[0.02, 0.001, 0.5, 0.02, 0.9]);
        for (actual, expected) in adjusted.iter().zip([0.1 / 3.0, 0.005, 0.625, 0.1 / 3.0, 0.9]) {
            assert_near(*actual, expected);
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    #[test]
    fn only_a_rise_that_survives_the_adjustment_is_trending() {
        let items = [counts(90, 40), counts(40, 90), counts(52, 50), counts(0, 0)];
        let found = trends(&items, 1000, 1000);
        let trending: Vec<bool> = found.iter().map(|trend| trend.trending).collect();
        assert_eq!(trending, [true, false, false, false]);
        // As significant as the rise, but a fall.
        assert_eq!(found[0].q_value, found[1].q_value);
        assert!(found[1].z.unwrap() < 0.0);
    }

    #[test]
    fn an_item_without_a_p_value_does_not_dilute_the_others() {
        let rise = counts(70, 50);
        let alone = trends(&[rise], 1000, 1000).remove(0);
        let among = trends(&[counts(0, 0), rise, counts(1000, 1000)], 1000, 1000).remove(1);
        assert_eq!(alone, among);
        assert_eq!(alone.p_value, alone.q_value);
    }

    #[test]
    fn among_many_items_a_chance_rise_is_not_trending() {
        // z = 2.15, p = 0.03: trending alone, not as one of twenty.
        let rise = counts(70, 47);
        assert!(only((70, 1000), (47, 1000)).trending);
        let mut items = vec![counts(50, 50); 19];
        items.push(rise);
        assert!(trends(&items, 1000, 1000).iter().all(|trend| !trend.trending));
    }

    #[test]
    fn a_choice_counts_half_after_fourteen_days() {
        let days = [(0, 1.0), (14, 0.5), (28, 0.25), (140, 1.0 / 1024.0), (-3, 1.0)];
        for (age, weight) in days {
            assert_near(decay_weight(TimeDelta::days(age)), weight);
        }
        assert_near(decay_weight(TimeDelta::days(7)), std::f64::consts::FRAC_1_SQRT_2);
        assert_eq!(decay_weight(TimeDelta::MIN).to_bits(), 1.0_f64.to_bits());
        assert_eq!(decay_weight(TimeDelta::MAX).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_wire_names_are_camel_case() {
        let item = TrendCounts { decayed: 1.5, recent: 1, baseline: 2 };
        let value = serde_json::to_value(trends(&[item], 4, 8).remove(0)).unwrap();
        assert_eq!(value["decayedCount"], 1.5);
        assert_eq!(value["recent"]["den"], 4);
        assert_eq!(value["pValue"], 1.0);
        assert_eq!(value["qValue"], 1.0);
    }

    /// Sessions with the item and all sessions of two periods.
    fn periods() -> impl Strategy<Value = (i64, i64, i64, i64)> {
        (0_i64..2000, 0_i64..2000).prop_flat_map(|(recent_total, baseline_total)| {
            (0..=recent_total, Just(recent_total), 0..=baseline_total, Just(baseline_total))
        })
    }

    proptest! {
        #[test]
        fn swapping_the_periods_turns_the_sign_alone((recent, n, baseline, m) in periods()) {
            let forth = only((recent, n), (baseline, m));
            let back = only((baseline, m), (recent, n));
            prop_assert_eq!(forth.z.is_some(), back.z.is_some());
            if let (Some(forth_z), Some(back_z)) = (forth.z, back.z) {
                prop_assert!((forth_z + back_z).abs() <= 1e-9 * forth_z.abs());
                prop_assert!((forth.p_value.unwrap() - back.p_value.unwrap()).abs() <= 1e-9);
            }
            prop_assert!(!(forth.trending && back.trending));
        }

        #[test]
        fn a_test_exists_exactly_where_the_item_is_neither_always_nor_never_there(
            (recent, n, baseline, m) in periods(),
        ) {
            let trend = only((recent, n), (baseline, m));
            let varies = recent + baseline > 0 && recent + baseline < n + m;
            prop_assert_eq!(trend.z.is_some(), n > 0 && m > 0 && varies);
            prop_assert_eq!(trend.z.is_some(), trend.p_value.is_some());
            prop_assert_eq!(trend.z.is_some(), trend.q_value.is_some());
            prop_assert!(trend.z.is_none_or(f64::is_finite));
            prop_assert!(trend.p_value.is_none_or(|p_value| (0.0..=1.0).contains(&p_value)));
        }

        #[test]
        fn adjusting_keeps_the_order_and_never_lowers(
            p_values in prop::collection::vec(0.0_f64..=1.0, 0..40),
        ) {
            let adjusted = benjamini_hochberg(&p_values);
            prop_assert_eq!(adjusted.len(), p_values.len());
            let pairs: Vec<(f64, f64)> =
                p_values.iter().copied().zip(adjusted.iter().copied()).collect();
            for (p_value, q_value) in &pairs {
                prop_assert!(p_value <= q_value && *q_value <= 1.0);
                for (other_p, other_q) in &pairs {
                    prop_assert!(p_value > other_p || q_value <= other_q);
                }
            }
        }

        #[test]
        fn the_adjusted_call_the_same_discoveries_as_the_step_up_rule(
            p_values in prop::collection::vec(0.0_f64..0.3, 1..30),
        ) {
            // As published: all up to the largest rank k whose p is at most k q / m.
            let mut sorted = p_values.clone();
            sorted.sort_by(f64::total_cmp);
            let m = f64::from(u32::try_from(sorted.len()).unwrap());
            let called = (1_u32..).zip(&sorted)
                .filter(|(rank, p_value)| **p_value <= f64::from(*rank) * 0.1 / m)
                .map(|(rank, _)| rank as usize)
                .last()
                .unwrap_or(0);
            let adjusted = benjamini_hochberg(&p_values);
            prop_assert_eq!(adjusted.iter().filter(|q_value| **q_value <= 0.1).count(), called);
        }

        #[test]
        fn an_older_choice_never_counts_more(
            younger in 0_i64..1_000_000_000,
            older in 0_i64..1_000_000_000,
        ) {
            let (younger, older) = (younger.min(older), younger.max(older));
            let weight = decay_weight(TimeDelta::seconds(younger));
            prop_assert!(weight >= decay_weight(TimeDelta::seconds(older)));
            prop_assert!((0.0..=1.0).contains(&weight));
        }
    }
}
