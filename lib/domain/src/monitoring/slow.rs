//! Statements and Redis operations that took long.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::recordings::Metric;

/// A longer name or statement is cut.
const TEXT_CHARS_MAX: usize = 1000;

/// A statement or Redis operation that took long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlowOperation {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// What kind it is.
    pub metric: Metric,
    /// The first words of a statement; the name of a command or script.
    pub name: String,
    /// The statement as it is written, without parameters, at most 1,000 characters.
    pub statement: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// The endpoint that it was for.
    pub endpoint: String,
    /// The request that it was for, as logs name it.
    pub request_id: String,
}

impl SlowOperation {
    /// From when on an operation is slow; requests never are.
    #[must_use]
    pub const fn is_slow(metric: Metric, duration: Duration) -> bool {
        match metric {
            Metric::DatabaseQueryTime => duration.as_micros() > 100_000,
            Metric::RedisOperationTime => duration.as_micros() > 50_000,
            Metric::ApiResponseTime => false,
        }
    }
}

/// A text as it is kept: on one line, and not too long.
#[must_use]
pub fn brief(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_slow_above_its_threshold() {
        let slow = |metric, ms| SlowOperation::is_slow(metric, Duration::from_millis(ms));
        assert!(!slow(Metric::DatabaseQueryTime, 100) && slow(Metric::DatabaseQueryTime, 101));
        assert!(!slow(Metric::RedisOperationTime, 50) && slow(Metric::RedisOperationTime, 51));
        assert!(!slow(Metric::ApiResponseTime, 10_000));
    }

    #[test]
    fn texts_are_kept_on_one_line_and_cut() {
        assert_eq!(brief("\n\nSELECT\n    1\n"), "SELECT 1");
        assert_eq!(brief(&"ü".repeat(2000)).chars().count(), 1000);
    }
}
