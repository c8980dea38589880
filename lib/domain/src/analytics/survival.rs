//! How long things take when not all of them have happened yet (definitions b7).

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// A share that is half but for rounding is half.
const ROUNDING: f64 = 1e-9;

/// For how long some subjects were watched, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// For how long, in whole units of time.
    pub time: i64,
    /// Whether it happened then; if not, nobody knows whether it will.
    pub happened: bool,
    /// How many subjects.
    pub subjects: i64,
}

/// The state after a time at which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SurvivalStep {
    /// The time.
    pub time: i64,
    /// Subjects that were still watched and to whom it had not happened before.
    pub at_risk: i64,
    /// Subjects to whom it happened at this time.
    pub happened: i64,
    /// The share to whom it has happened by then.
    pub reached: f64,
    /// Lower bound of its 95 % interval; nothing where the interval is undefined.
    pub ci_low: Option<f64>,
    /// Upper bound of its 95 % interval.
    pub ci_high: Option<f64>,
}

/// The share to whom it has happened, over time.
///
/// Kaplan and Meier (1958), with Greenwood's variance and intervals on the scale of `log(-log S)`
/// (Kalbfleisch, Prentice 1980). Who stops being watched at a time still counts at it.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn kaplan_meier(watched: &[Watched]) -> Vec<SurvivalStep> {
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let risk_sets = risk_sets(&[watched]);
    let steps = risk_sets.into_iter().map(|set| {
        let (n, d) = (set.at_risk[0] as f64, set.happened[0] as f64);
        survival *= 1.0 - d / n;
        greenwood += d / (n * (n - d));
        let bounds = survival_bounds(survival, greenwood);
        SurvivalStep {
            time: set.time,
            at_risk: set.at_risk[0],
            happened: set.happened[0],
            reached: 1.0 - survival,
            ci_low: bounds.map(|(_, high)| 1.0 - high),
            ci_high: bounds.map(|(low, _)| 1.0 - low),
        }
    });
    steps.collect()
}

fn survival_bounds(survival: f64, greenwood: f64) -> Option<(f64, f64)> {
    let log = survival.ln();
    let width = Z_95 * greenwood.sqrt() / log.abs();
    (log < 0.0 && width.is_finite())
        .then(|| (survival.powf(width.exp()), survival.powf((-width).exp())))
}

/// The first time by which it has happened to half of the subjects; nothing where it has not.
#[must_use]
pub fn median_time(steps: &[SurvivalStep]) -> Option<i64> {
    steps.iter().find(|step| step.reached >= 0.5 - ROUNDING).map(|step| step.time)
}

/// The same curve with one step for each run of so many units of time.
#[must_use]
pub fn thinned(steps: &[SurvivalStep], every: i64) -> Vec<SurvivalStep> {
    let runs = steps.chunk_by(|a, b| a.time.div_euclid(every) == b.time.div_euclid(every));
    let merged = runs.filter_map(|run| {
        let (first, last) = run.first().zip(run.last())?;
        let happened = run.iter().map(|step| step.happened).sum();
        Some(SurvivalStep { at_risk: first.at_risk, happened, ..*last })
    });
    merged.collect()
}

/// Whether it happens at different rates in several groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogRank {
    /// The statistic, distributed as chi-squared where the groups do not differ.
    pub chi_squared: f64,
    /// Degrees of freedom: the rank of the variance, mostly one less than there are groups.
    pub degrees_of_freedom: usize,
    /// How likely such a difference is by chance.
    pub p_value: f64,
}

/// An eigenvalue of the variance that is a smaller share of the greatest one is zero but for rounding.
const SINGULAR_SHARE: f64 = 1e-10;

/// The log-rank test (Mantel 1966; for several groups Peto, Peto 1972). Nothing where there are no two
/// groups that could differ. The variance is inverted as far as it has a rank: a group that nobody watches
/// any more when something happens takes no part, whichever place it has.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn log_rank(groups: &[&[Watched]]) -> Option<LogRank> {
    let count = groups.len();
    if count < 2 {
        return None;
    }
    let mut excess = DVector::<f64>::zeros(count);
    let mut variance = DMatrix::<f64>::zeros(count, count);
    for set in risk_sets(groups) {
        let (n, d) =
            (set.at_risk.iter().sum::<i64>() as f64, set.happened.iter().sum::<i64>() as f64);
        let share = |group: usize| set.at_risk[group] as f64 / n;
        let spread = if n > 1.0 { d * (n - d) / (n - 1.0) } else { 0.0 };
        for i in 0..count {
            excess[i] += set.happened[i] as f64 - d * share(i);
            for j in 0..count {
                let same = if i == j { 1.0 } else { 0.0 };
                variance[(i, j)] += spread * share(i) * (same - share(j));
            }
        }
    }
    let eigen = variance.symmetric_eigen();
    let smallest = eigen.eigenvalues.max() * SINGULAR_SHARE;
    let (mut chi_squared, mut degrees) = (0.0, 0);
    for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        if *value > smallest {
            chi_squared += vector.dot(&excess).powi(2) / value;
            degrees += 1;
        }
    }
    let p_value = ChiSquared::new(degrees as f64).ok()?.sf(chi_squared);
    Some(LogRank { chi_squared, degrees_of_freedom: degrees, p_value })
}

/// Who could be hit, and who was, at a time at which somebody was, by group.
struct RiskSet {
    time: i64,
    at_risk: Vec<i64>,
    happened: Vec<i64>,
}

fn risk_sets(groups: &[&[Watched]]) -> Vec<RiskSet> {
    let mut ends: BTreeMap<i64, (Vec<i64>, Vec<i64>)> = BTreeMap::new();
    let mut at_risk = vec![0; groups.len()];
    for (group, watched) in groups.iter().enumerate() {
        for one in *watched {
            let none = || (vec![0; groups.len()], vec![0; groups.len()]);
            let (all, happened) = ends.entry(one.time).or_insert_with(none);
            all[group] += one.subjects;
            at_risk[group] += one.subjects;
            if one.happened {
                happened[group] += one.subjects;
            }
        }
    }
    let mut sets = Vec::new();
    for (time, (all, happened)) in ends {
        if happened.iter().any(|count| *count > 0) {
            sets.push(RiskSet { time, at_risk: at_risk.clone(), happened });
        }
        for (at_risk, ended) in at_risk.iter_mut().zip(all) {
            *at_risk -= ended;
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn watched(happened: &[i64], censored: &[i64]) -> Vec<Watched> {
        let one = |happened| move |time: &i64| Watched { time: *time, happened, subjects: 1 };
        happened.iter().map(one(true)).chain(censored.iter().map(one(false))).collect()
    }

    /// Weeks of remission of leukaemia (Freireich et al. 1963), in every textbook.
    fn treated() -> Vec<Watched> {
        watched(&[6, 6, 6, 7, 10, 13, 16, 22, 23], &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
    }

    fn placebo() -> Vec<Watched> {
        let weeks = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
        watched(&weeks, &[])
    }

    #[test]
    fn the_curve_is_the_published_one() {
        let steps = kaplan_meier(&treated());
        let published = [
            (6, 21, 0.857),
            (7, 17, 0.807),
            (10, 15, 0.753),
            (13, 12, 0.690),
            (16, 11, 0.627),
            (22, 7, 0.538),
            (23, 6, 0.448),
        ];
        assert_eq!(steps.len(), published.len());
        for (step, (time, at_risk, survival)) in steps.iter().zip(published) {
            assert_eq!((step.time, step.at_risk), (time, at_risk));
            assert!((1.0 - step.reached - survival).abs() < 6e-4, "{step:?}");
        }
        assert_eq!(
            (median_time(&steps), median_time(&kaplan_meier(&placebo()))),
            (Some(23), Some(8))
        );
        // R, survfit(conf.type = "log-log"): 0.620 to 0.952 at week 6.
        assert!((1.0 - steps[0].ci_high.unwrap() - 0.620).abs() < 1e-3);
        assert!((1.0 - steps[0].ci_low.unwrap() - 0.952).abs() < 1e-3);
    }

    #[test]
    fn the_test_is_the_published_one() {
        let test = log_rank(&[&treated(), &placebo()]).unwrap();
        assert!((test.chi_squared - 16.79).abs() < 0.01, "{test:?}");
        assert_eq!(test.degrees_of_freedom, 1);
        assert!((test.p_value - 4.17e-5).abs() < 1e-6, "{test:?}");
    }

    #[test]
    fn a_thinned_curve_goes_through_the_same_points() {
        let steps = kaplan_meier(&treated());
        let weekly = thinned(&steps, 10);
        let times: Vec<_> =
            weekly.iter().map(|step| (step.time, step.at_risk, step.happened)).collect();
        assert_eq!(times, [(7, 21, 4), (16, 15, 3), (23, 7, 2)]);
        assert_eq!(weekly.last().map(|step| step.reached), steps.last().map(|step| step.reached));
    }

    #[test]
    fn groups_that_cannot_differ_are_not_tested() {
        assert_eq!(log_rank(&[&treated()]), None);
        assert_eq!(log_rank(&[&treated(), &[]]), None);
        let censored = watched(&[], &[5, 6]);
        assert_eq!(log_rank(&[&censored, &censored]), None);
        assert_eq!(kaplan_meier(&censored), []);
    }

    fn any_watched() -> impl Strategy<Value = Vec<Watched>> {
        let one = (0_i64..50, any::<bool>(), 1_i64..5);
        proptest::collection::vec(
            one.prop_map(|(time, happened, subjects)| Watched { time, happened, subjects }),
            1..40,
        )
    }

    proptest! {
        #[test]
        fn what_has_happened_never_shrinks_and_lies_in_its_interval(watched in any_watched()) {
            let steps = kaplan_meier(&watched);
            prop_assert!(steps.windows(2).all(|pair| pair[0].reached <= pair[1].reached));
            for step in steps {
                prop_assert!((0.0..=1.0).contains(&step.reached));
                prop_assert!(step.ci_low.is_none_or(|low| low <= step.reached + 1e-9));
                prop_assert!(step.ci_high.is_none_or(|high| high >= step.reached - 1e-9));
            }
        }

        #[test]
        fn without_censoring_it_is_the_plain_share(times in proptest::collection::vec(0_i64..20, 1..40)) {
            let steps = kaplan_meier(&watched(&times, &[]));
            for step in steps {
                let reached = times.iter().filter(|time| **time <= step.time).count();
                #[expect(clippy::cast_precision_loss, reason = "few")]
                let share = reached as f64 / times.len() as f64;
                prop_assert!((step.reached - share).abs() < 1e-9);
            }
        }

        #[test]
        fn the_order_of_groups_does_not_matter(
            a in any_watched(), b in any_watched(), c in any_watched()
        ) {
            match (log_rank(&[&a, &b, &c]), log_rank(&[&c, &a, &b])) {
                (Some(one), Some(other)) => {
                    prop_assert!((one.chi_squared - other.chi_squared).abs() < 1e-6);
                }
                (one, other) => prop_assert_eq!(one.is_none(), other.is_none()),
            }
        }

        #[test]
        fn equal_groups_do_not_differ(a in any_watched()) {
            if let Some(test) = log_rank(&[&a, &a]) {
                prop_assert!(test.chi_squared.abs() < 1e-9 && test.p_value > 0.999);
            }
        }
    }
}
