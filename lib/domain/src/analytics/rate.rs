//! A share with everything that is needed to trust it.

use serde::Serialize;

use super::trending::{two_proportion_z, two_sided_p};

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// Below this many cases no verdict may be worded.
const VERDICT_CASES_MIN: i64 = 30;

/// A share with its counts and its 95 % Wilson interval (definitions b0.5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// Cases that count.
    pub num: i64,
    /// All cases.
    pub den: i64,
    /// `num / den`; nothing when there are no cases.
    pub value: Option<f64>,
    /// Lower bound of the 95 % Wilson score interval.
    pub ci_low: Option<f64>,
    /// Upper bound of the 95 % Wilson score interval.
    pub ci_high: Option<f64>,
    /// Whether there are enough cases (30) to word a verdict.
    pub n_min_ok: bool,
}

impl Rate {
    /// The share of `num` in `den`.
    ///
    /// The interval is Wilson's (1927): centre `(p + z²/2n) / (1 + z²/n)`, half width
    /// `z √(p(1−p)/n + z²/4n²) / (1 + z²/n)`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn new(num: i64, den: i64) -> Self {
        if den <= 0 {
            return Self { num, den, value: None, ci_low: None, ci_high: None, n_min_ok: false };
        }
        let n = den as f64;
        let p = num as f64 / n;
        let z2 = Z_95 * Z_95;
        let scale = 1.0 + z2 / n;
        let centre = (p + z2 / (2.0 * n)) / scale;
        let half = Z_95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).max(0.0).sqrt() / scale;
        Self {
            num,
            den,
            value: Some(p),
            ci_low: Some((centre - half).max(0.0)),
            ci_high: Some((centre + half).min(1.0)),
            n_min_ok: den >= VERDICT_CASES_MIN,
        }
    }
}

/// Less often than this a difference comes about by chance alone where it is called significant.
const SIGNIFICANT_P: f64 = 0.05;

/// How one share differs from another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RateChange {
    /// This share minus the other, in percentage points.
    pub points: Option<f64>,
    /// Probability of a difference at least as large, either way, if nothing changed (two-proportion z,
    /// pooled); nothing where a share has no cases, or where none or all of the cases of both count.
    pub p_value: Option<f64>,
    /// Whether `p_value` is below 0.05, and both shares have the 30 cases that a verdict needs.
    pub significant: bool,
}

impl RateChange {
    /// What changed from a share to another.
    #[must_use]
    pub fn between(before: Rate, after: Rate) -> Self {
        let p_value = two_proportion_z(after, before).map(two_sided_p);
        Self {
            points: after.value.zip(before.value).map(|(after, before)| 100.0 * (after - before)),
            p_value,
            significant: before.n_min_ok
                && after.n_min_ok
                && p_value.is_some_and(|p_value| p_value < SIGNIFICANT_P),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_cases_have_no_share() {
        let rate = Rate::new(0, 0);
        assert_eq!((rate.value, rate.ci_low, rate.ci_high), (None, None, None));
    }

    #[test]
    fn the_interval_is_the_published_one() {
        // Wilson interval of 15 in 148 (Newcombe 1998, table I, method 3).
        let rate = Rate::new(15, 148);
        assert!((rate.ci_low.unwrap() - 0.0624).abs() < 5e-5);
        assert!((rate.ci_high.unwrap() - 0.1605).abs() < 5e-5);
    }

    #[test]
    fn a_change_is_in_points_and_says_whether_it_means_anything() {
        let change = RateChange::between(Rate::new(100, 1000), Rate::new(150, 1000));
        assert!((change.points.unwrap() - 5.0).abs() < 1e-9);
        assert!(change.significant && change.p_value.unwrap() < 0.001);
        let few = RateChange::between(Rate::new(0, 10), Rate::new(9, 10));
        assert!(!few.significant, "ten cases make no verdict");
        let none = RateChange::between(Rate::new(0, 0), Rate::new(1, 2));
        assert_eq!((none.points, none.p_value, none.significant), (None, None, false));
    }

    proptest! {
        #[test]
        fn the_share_lies_in_its_interval(den in 1_i64..1_000_000, part in 0.0_f64..=1.0) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss,
                reason = "part is at most one")]
            let num = (den as f64 * part) as i64;
            let rate = Rate::new(num, den);
            let value = rate.value.unwrap();
            prop_assert!(rate.ci_low.unwrap() <= value + 1e-12);
            prop_assert!(value <= rate.ci_high.unwrap() + 1e-12);
            prop_assert!(rate.ci_low.unwrap() >= 0.0 && rate.ci_high.unwrap() <= 1.0);
        }
    }
}
