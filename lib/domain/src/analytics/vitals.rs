//! How fast pages are: ratings of web vitals (definitions b11).

use serde::Serialize;

use super::histogram::Histogram;
use super::rate::Rate;

/// Fewer measurements than this say nothing.
pub const MEASUREMENTS_MIN: i64 = 75;

/// The vitals that decide the verdict.
pub const CORE_VITALS: [&str; 3] = ["LCP", "INP", "CLS"];

/// How good a measured value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// At most the lower threshold.
    Good,
    /// Between the thresholds.
    NeedsImprovement,
    /// Above the upper threshold.
    Poor,
}

/// What the core vitals say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Each is good at the 75th percentile.
    Pass,
    /// One is not good.
    Fail,
    /// Of one there are too few measurements.
    Insufficient,
}

/// What a value may be to be good, and to be not yet poor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Greatest good value.
    pub good: f64,
    /// Greatest value that is not poor.
    pub poor: f64,
}

impl Thresholds {
    /// The thresholds of a metric: those that web.dev publishes for the vitals, in milliseconds but for
    /// CLS. Of others none is known.
    #[must_use]
    pub fn of(metric: &str) -> Option<Self> {
        let (good, poor) = match metric {
            "LCP" => (2500.0, 4000.0),
            "INP" => (200.0, 500.0),
            "CLS" => (0.1, 0.25),
            "FCP" => (1800.0, 3000.0),
            "TTFB" => (800.0, 1800.0),
            _ => return None,
        };
        Some(Self { good, poor })
    }

    /// The rating of a value.
    #[must_use]
    pub fn rate(self, value: f64) -> Rating {
        if value <= self.good {
            Rating::Good
        } else if value <= self.poor {
            Rating::NeedsImprovement
        } else {
            Rating::Poor
        }
    }
}

/// Many measurements of one metric in short. Percentiles are within 2.2 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// Measurements.
    pub n: i64,
    /// Half of them are at most this.
    pub p50: Option<f64>,
    /// Three quarters are at most this.
    pub p75: Option<f64>,
    /// 95 % are at most this.
    pub p95: Option<f64>,
    /// 99 % are at most this.
    pub p99: Option<f64>,
    /// Good measurements, of all, each within 2.2 %; nothing where no threshold is known.
    pub good: Option<Rate>,
    /// Fewer than 75 measurements: nothing is rated.
    pub insufficient: bool,
    /// The rating of `p75`; nothing where no threshold is known or measurements are too few.
    pub rating: Option<Rating>,
}

impl Measured {
    /// The measurements of a metric, counted by buckets.
    #[must_use]
    pub fn of(metric: &str, values: &Histogram) -> Self {
        let n = values.count();
        let p75 = values.quantile(0.75);
        let bounds = Thresholds::of(metric);
        let rating = p75.zip(bounds).map(|(p75, bounds)| bounds.rate(p75));
        Self {
            n,
            p50: values.quantile(0.5),
            p75,
            p95: values.quantile(0.95),
            p99: values.quantile(0.99),
            good: bounds.map(|bounds| Rate::new(values.count_up_to(bounds.good), n)),
            insufficient: n < MEASUREMENTS_MIN,
            rating: rating.filter(|_| n >= MEASUREMENTS_MIN),
        }
    }
}

/// The verdict on the core vitals, each as measured if it was.
#[must_use]
pub fn verdict(core: [Option<Measured>; 3]) -> Verdict {
    let ratings = core.map(|measured| measured.and_then(|measured| measured.rating));
    if ratings.contains(&None) {
        Verdict::Insufficient
    } else if ratings.iter().all(|rating| *rating == Some(Rating::Good)) {
        Verdict::Pass
    } else {
        Verdict::Fail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(metric: &str, value: f64, n: i64) -> Measured {
        let mut values = Histogram::default();
        values.add(Histogram::bucket(value), n);
        Measured::of(metric, &values)
    }

    #[test]
    fn a_threshold_itself_is_still_good() {
        for (metric, good, poor) in [
            ("LCP", 2500.0, 4000.0),
            ("INP", 200.0, 500.0),
            ("CLS", 0.1, 0.25),
            ("FCP", 1800.0, 3000.0),
            ("TTFB", 800.0, 1800.0),
        ] {
            let bounds = Thresholds::of(metric).unwrap();
            assert_eq!(bounds.rate(good), Rating::Good, "{metric}");
            assert_eq!(bounds.rate(good * 1.001), Rating::NeedsImprovement, "{metric}");
            assert_eq!(bounds.rate(poor), Rating::NeedsImprovement, "{metric}");
            assert_eq!(bounds.rate(poor * 1.001), Rating::Poor, "{metric}");
        }
    }

    #[test]
    fn few_measurements_are_shown_and_not_rated() {
        let few = measured("LCP", 1000.0, 74);
        assert_eq!((few.insufficient, few.rating), (true, None));
        assert!((few.p75.unwrap() / 1000.0 - 1.0).abs() < 0.0222);
        assert_eq!(measured("LCP", 1000.0, 75).rating, Some(Rating::Good));
        assert_eq!(measured("price_calc_time", 1.0, 100).rating, None);
    }

    #[test]
    fn the_share_of_good_ones_agrees_with_the_rating() {
        let mut values = Histogram::default();
        values.add(Histogram::bucket(1000.0), 75);
        values.add(Histogram::bucket(2800.0), 24);
        values.add(Histogram::bucket(9000.0), 1);
        let all = Measured::of("LCP", &values);
        assert_eq!((all.good, all.rating), (Some(Rate::new(75, 100)), Some(Rating::Good)));
        assert_eq!(Measured::of("LCP", &Histogram::default()).good, Some(Rate::new(0, 0)));
        assert_eq!(measured("price_calc_time", 1.0, 3).good, None);
    }

    #[test]
    fn all_core_vitals_decide() {
        let of = |metric, value| Some(measured(metric, value, 75));
        let good = of("LCP", 1000.0);
        assert_eq!(verdict([good, of("INP", 10.0), of("CLS", 0.0)]), Verdict::Pass);
        assert_eq!(verdict([good, of("INP", 300.0), good]), Verdict::Fail);
        assert_eq!(verdict([good, good, None]), Verdict::Insufficient);
        let few = Some(measured("CLS", 0.0, 3));
        assert_eq!(verdict([good, good, few]), Verdict::Insufficient);
    }
}
