//! How numbers of a period differ from those of the period that it is compared with (definitions b14).

use nest_haus_domain::analytics::{Rate, RateChange};
use serde::Serialize;
use utoipa::ToSchema;

/// A number of the period compared with, and how this period's differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComparedCount {
    /// The number then.
    before: i64,
    /// The number now by it, less one; nothing where there was none.
    change: Option<f64>,
}

impl ComparedCount {
    /// Compares the number of this period with that of the other.
    pub(super) fn of(after: i64, before: i64) -> Self {
        Self { before, change: ratio(after, before) }
    }
}

/// A rate of the period compared with, and how this period's differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComparedRate {
    /// The rate then.
    before: Rate,
    /// The rate now against it, in percentage points.
    change: RateChange,
}

impl ComparedRate {
    /// Compares the rate of this period with that of the other.
    pub(super) fn of(after: Rate, before: Rate) -> Self {
        Self { before, change: RateChange::between(before, after) }
    }
}

/// A measured value of the period compared with, and how this period's differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComparedValue {
    /// The value then; nothing where nothing was measured.
    before: Option<f64>,
    /// The value now by it, less one; nothing where one is not known, or was nought.
    change: Option<f64>,
}

impl ComparedValue {
    /// Compares the value of this period with that of the other.
    pub(super) fn of(after: Option<f64>, before: Option<f64>) -> Self {
        let known = after.zip(before);
        Self { before, change: known.and_then(|(after, before)| ratio_of(after, before)) }
    }
}

/// By how much a count or an amount of cents changed, as its ratio less one; nothing where there was none.
#[expect(clippy::cast_precision_loss, reason = "counts and cents stay far below 2^52")]
pub(super) fn ratio(after: i64, before: i64) -> Option<f64> {
    ratio_of(after as f64, before as f64)
}

fn ratio_of(after: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| after / before - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_by_what_was_before() {
        assert_eq!(ratio(15, 10), Some(0.5));
        assert_eq!((ratio(1, 0), ratio(0, 4)), (None, Some(-1.0)));
        assert_eq!(ComparedValue::of(None, Some(2.0)).change, None);
        assert_eq!(ComparedValue::of(Some(0.0), Some(0.0)).change, None);
    }
}
