//! Durations of one kind, so that those of parts add up to those of the whole.

use crate::analytics::Histogram;

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timings {
    /// The durations in milliseconds, by bucket.
    pub histogram: Histogram,
    /// Their sum in milliseconds.
    pub sum_ms: f64,
}

impl Timings {
    /// Notes a duration.
    pub fn note(&mut self, ms: f64) {
        self.histogram.note(ms);
        self.sum_ms += ms;
    }

    /// Adds other durations.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.merge(&other.histogram);
        self.sum_ms += other.sum_ms;
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.histogram.count()
    }
}
