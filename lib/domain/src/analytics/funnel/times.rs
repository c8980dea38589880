//! Times between steps: exact as long as there are few, to 2.2 % beyond.

use chrono::TimeDelta;
use serde::Serialize;

use crate::analytics::Histogram;

/// Most times that are kept one by one.
const EXACT_MAX: usize = 20_000;

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepTimes {
    /// A quarter took no longer.
    pub p25_ms: Option<f64>,
    /// Half took no longer.
    pub p50_ms: Option<f64>,
    /// Three quarters took no longer.
    pub p75_ms: Option<f64>,
    /// Nine tenths took no longer.
    pub p90_ms: Option<f64>,
    /// Whether these are approximate, to 2.2 %.
    pub approx: bool,
}

impl StepTimes {
    /// The times of a histogram of milliseconds.
    #[must_use]
    pub fn of_histogram(histogram: &Histogram) -> Self {
        Self::of(|share| histogram.quantile(share), histogram.count() > 0)
    }

    fn of(quantile: impl Fn(f64) -> Option<f64>, approx: bool) -> Self {
        Self {
            p25_ms: quantile(0.25),
            p50_ms: quantile(0.5),
            p75_ms: quantile(0.75),
            p90_ms: quantile(0.9),
            approx,
        }
    }
}

/// Times as they come in, in bounded memory.
#[derive(Debug, Clone)]
pub enum Times {
    /// In milliseconds, one by one.
    Exact(Vec<f64>),
    /// By buckets.
    Counted(Histogram),
}

impl Default for Times {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Times {
    /// Notes a time.
    pub fn note(&mut self, time: TimeDelta) {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of years stay below 2^53")]
        let ms = time.num_microseconds().unwrap_or(i64::MAX) as f64 / 1000.0;
        match self {
            Self::Exact(times) if times.len() < EXACT_MAX => times.push(ms),
            Self::Exact(times) => {
                let mut histogram = Histogram::default();
                times.iter().chain([&ms]).for_each(|ms| histogram.note(*ms));
                *self = Self::Counted(histogram);
            }
            Self::Counted(histogram) => histogram.note(ms),
        }
    }

    /// The quantiles: by linear interpolation (Hyndman and Fan 1996, type 7, which is PostgreSQL's
    /// `percentile_cont`) where the times are exact.
    #[must_use]
    pub fn quantiles(&self) -> StepTimes {
        match self {
            Self::Counted(histogram) => StepTimes::of_histogram(histogram),
            Self::Exact(times) => {
                let mut sorted = times.clone();
                sorted.sort_by(f64::total_cmp);
                StepTimes::of(|share| type_7(&sorted, share), false)
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank among few values"
)]
fn type_7(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = share * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(rank as usize)?;
    let above = sorted.get(rank as usize + 1).copied().unwrap_or(below);
    Some(below + (above - below) * rank.fract())
}
