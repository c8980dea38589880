//! Quantiles of many values from counts alone: OpenTelemetry's base-2 exponential histogram at one
//! fixed scale, so that histograms of parts add up to that of the whole.

use std::collections::BTreeMap;

/// Buckets for each doubling of the value. The bounds of a bucket differ by the factor 2^(1/16), so
/// that its middle is within 2.2 % of every value in it.
const BUCKETS_PER_DOUBLING: f64 = 16.0;

/// The bucket of zero and of whatever is below.
const ZERO: i32 = i32::MIN;

/// What lies on a bound but for rounding is inside.
const ROUNDING: f64 = 1e-9;

/// How many values fall into each bucket. Bucket `i` holds what is above `2^(i/16)` up to
/// `2^((i+1)/16)` (OpenTelemetry data model, exponential histogram, scale 4). The database counts by
/// the same rule, in its function `histogram_bucket`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<i32, i64>);

impl Histogram {
    /// The bucket of a value.
    #[must_use]
    pub fn bucket(value: f64) -> i32 {
        if value > 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "exponents of a float fit")]
            let index = (value.ln() / std::f64::consts::LN_2 * BUCKETS_PER_DOUBLING - ROUNDING)
                .ceil() as i32;
            index - 1
        } else {
            ZERO
        }
    }

    /// Adds values of one bucket.
    pub fn add(&mut self, bucket: i32, count: i64) {
        *self.0.entry(bucket).or_default() += count;
    }

    /// Notes a value.
    pub fn note(&mut self, value: f64) {
        self.add(Self::bucket(value), 1);
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    /// Its buckets with how many values each has, in their order.
    pub fn buckets(&self) -> impl Iterator<Item = (i32, i64)> + '_ {
        self.0.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.0.values().sum()
    }

    /// The greatest value, to 2.2 %; nothing where there are no values.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.0.last_key_value().map(|(bucket, _)| middle(*bucket))
    }

    /// How many values are at most this, each taken for the middle of its bucket as by [`Self::quantile`].
    #[must_use]
    pub fn count_up_to(&self, value: f64) -> i64 {
        let buckets = self.0.iter().take_while(|(bucket, _)| middle(**bucket) <= value);
        buckets.map(|(_, count)| count).sum()
    }

    /// The value that a share of all values does not exceed, to 2.2 %: the middle, by ratio, of the
    /// bucket that it lies in. Nothing where there are no values.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0);
        let mut below = 0.0;
        for (bucket, count) in &self.0 {
            below += *count as f64;
            if below >= rank {
                return Some(middle(*bucket));
            }
        }
        None
    }
}

fn middle(bucket: i32) -> f64 {
    if bucket == ZERO { 0.0 } else { ((f64::from(bucket) + 0.5) / BUCKETS_PER_DOUBLING).exp2() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_belong_to_the_bucket_below() {
        for (value, bucket) in
            [(1.0, -1), (1.01, 0), (2.0, 15), (2.01, 16), (0.5, -17), (1024.0, 159)]
        {
            assert_eq!(Histogram::bucket(value), bucket, "{value}");
        }
        assert_eq!(Histogram::bucket(0.0), i32::MIN);
        assert_eq!(Histogram::bucket(-3.0), i32::MIN);
    }

    #[test]
    fn nothing_has_no_quantiles() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn quantiles_are_within_the_promised_error(
            mut values in proptest::collection::vec(0.001_f64..1e9, 1..200), share in 0.0_f64..=1.0
        ) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.note(*value);
            }
            values.sort_by(f64::total_cmp);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation,
                clippy::cast_sign_loss, reason = "few values")]
            let rank = ((share * values.len() as f64).ceil().max(1.0)) as usize;
            let exact = values[rank - 1];
            let found = histogram.quantile(share).unwrap();
            prop_assert!((found / exact - 1.0).abs() < 0.0222, "{found} for {exact}");
        }

        #[test]
        fn histograms_of_parts_add_up(
            values in proptest::collection::vec(0.0_f64..1e6, 0..100), cut in 0_usize..100
        ) {
            let of = |values: &[f64]| {
                let mut histogram = Histogram::default();
                for value in values {
                    histogram.note(*value);
                }
                histogram
            };
            let cut = cut.min(values.len());
            let mut merged = of(&values[..cut]);
            merged.merge(&of(&values[cut..]));
            prop_assert_eq!(merged, of(&values));
        }
    }
}
