//! How fast the error budget burns: multi-window, multi-burn-rate alerts (Google, The Site Reliability
//! Workbook, chapter 5, "Alerting on SLOs", approach 6).
//!
//! A long window shows that enough of the budget is gone to matter, a short one that it still burns.

/// The share of requests that must not fail.
pub const OBJECTIVE: f64 = 0.999;

/// Burn rate over an hour that takes 2 % of a month's budget.
const FAST: f64 = 14.4;

/// Burn rate over six hours that takes 5 % of a month's budget.
const SLOW: f64 = 6.0;

/// Requests of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// All.
    pub total: i64,
    /// Those that failed.
    pub failed: i64,
}

impl Requests {
    /// The requests of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { total: self.total + other.total, failed: self.failed + other.failed }
    }

    /// The share that failed; nothing where there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn failed_share(self) -> Option<f64> {
        (self.total > 0).then(|| self.failed as f64 / self.total as f64)
    }
}

/// How many times faster than allowed the budget burns. Without requests it does not.
#[must_use]
pub fn burn_rate(requests: Requests) -> f64 {
    requests.failed_share().unwrap_or(0.0) / (1.0 - OBJECTIVE)
}

/// How fast the budget burns, as far as both windows of a pair agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BudgetBurn {
    /// Relative to the rate that the workbook alerts at; over 1 is an alert.
    pub value: f64,
    /// Burn rate over the long window of the pair that decides.
    pub rate: f64,
    /// Requests in that window.
    pub count: i64,
}

/// How fast the budget burns, by the last 5 minutes with the last hour, and the last 30 minutes with the
/// last 6 hours.
#[must_use]
pub fn budget_burn(
    (five_minutes, hour): (Requests, Requests),
    (half_hour, six_hours): (Requests, Requests),
) -> BudgetBurn {
    let pair = |short: Requests, long: Requests, alert_at: f64| BudgetBurn {
        value: burn_rate(short).min(burn_rate(long)) / alert_at,
        rate: burn_rate(long),
        count: long.total,
    };
    let fast = pair(five_minutes, hour, FAST);
    let slow = pair(half_hour, six_hours, SLOW);
    if fast.value >= slow.value { fast } else { slow }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn requests(total: i64, failed: i64) -> Requests {
        Requests { total, failed }
    }

    #[test]
    fn the_workbooks_thresholds_are_those_of_an_alert() {
        let fine = (requests(0, 0), requests(0, 0));
        // 14.4 times 0.1 % over an hour.
        let at = (requests(10_000, 144), requests(10_000, 144));
        assert!((budget_burn(at, fine).value - 1.0).abs() < 1e-9);
        assert!(budget_burn((requests(10_000, 145), requests(10_000, 145)), fine).value > 1.0);
        let slow = (requests(10_000, 61), requests(10_000, 61));
        assert!(budget_burn(fine, slow).value > 1.0);
        assert!(budget_burn(slow, fine).value < 1.0, "6 times is no matter for an hour");
    }

    #[test]
    fn what_is_over_and_what_has_only_begun_is_no_alert() {
        let fine = (requests(0, 0), requests(0, 0));
        let over = (requests(1000, 0), requests(10_000, 1000));
        let begun = (requests(1000, 100), requests(100_000, 100));
        for windows in [over, begun] {
            assert!(budget_burn(windows, fine).value < 1.0);
        }
    }

    proptest! {
        #[test]
        fn more_failures_never_burn_less(total in 1_i64..100_000, failed in 0_i64..1000, more in 0_i64..1000) {
            let of = |failed: i64| {
                let window = requests(total, failed.min(total));
                budget_burn((window, window), (window, window)).value
            };
            prop_assert!(of(failed + more) >= of(failed));
        }
    }
}
