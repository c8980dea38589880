//! All chance there is: numbers that follow from a seed and nothing else.

use chrono::TimeDelta;
use rand::RngExt;
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

/// A stream of chance.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// One of the many independent streams of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Whether something of a probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability.clamp(0.0, 1.0))
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn whole(&mut self, min: i64, max: i64) -> i64 {
        self.0.random_range(min..=max.max(min))
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random()
    }

    /// One of some things, by their weights.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, table: &[(T, u32); N]) -> T {
        let row = table.choose_weighted(&mut self.0, |row| row.1);
        row.map_or(table[0].0, |row| row.0)
    }

    /// A log-normal duration, in whole milliseconds.
    pub(crate) fn duration(&mut self, median: TimeDelta, sigma: f64) -> TimeDelta {
        #[expect(clippy::cast_precision_loss, reason = "medians are minutes")]
        let median = median.num_milliseconds() as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
        let millis = self.log_normal(median, sigma) as i64;
        TimeDelta::milliseconds(millis)
    }

    /// A log-normal number.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        LogNormal::new(median.ln(), sigma).map_or(median, |normal| normal.sample(&mut self.0))
    }

    /// Random bits.
    pub(crate) fn bits<const N: usize>(&mut self) -> [u8; N] {
        let mut bits = [0; N];
        self.0.fill(&mut bits);
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_a_seed_repeat_and_differ_from_one_another() {
        let bits = |seed, stream| Dice::new(seed, stream).bits::<16>();
        assert_eq!(bits(1, 2), bits(1, 2));
        assert_ne!(bits(1, 2), bits(1, 3));
        assert_ne!(bits(1, 2), bits(2, 2));
    }

    #[test]
    fn half_of_log_normal_durations_are_below_their_median() {
        let mut dice = Dice::new(1, 0);
        let median = TimeDelta::seconds(10);
        let below = (0..10_000).filter(|_| dice.duration(median, 0.8) < median).count();
        assert!((4_800..5_200).contains(&below), "{below}");
    }

    #[test]
    fn things_are_picked_by_their_weights() {
        let mut dice = Dice::new(1, 0);
        let picked = (0..10_000).filter(|_| dice.pick(&[(true, 3), (false, 1)])).count();
        assert!((7_300..7_700).contains(&picked), "{picked}");
    }
}
