//! What was recorded of requests, as signals: how slow they are, and how many fail.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::{Histogram, Period};
use nest_haus_domain::monitoring::{
    Metric, Requests, RuleId, SLOT, Signal, budget_burn, is_job, slot_of,
};
use nest_haus_domain::notifications::{Line, Value};
use sqlx::PgConnection;

use super::super::{Recorded, recorded};

/// What a signal of the longest window needs.
pub(super) const LONGEST: TimeDelta = TimeDelta::hours(6);

/// Endpoints that a signal names at most.
const ENDPOINTS_MAX: usize = 3;

/// Fewer measurements of an endpoint say nothing about it.
const ENDPOINT_COUNT_MIN: i64 = 5;

/// The class of answers that are failures.
const FAILED: i16 = 5;

/// The signals of the last slot that is over.
pub(super) async fn signals(
    db: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Signal>, sqlx::Error> {
    let to = slot_of(now);
    let last = Period { from: to - SLOT, to };
    let answers =
        recorded(&mut *db, Period { from: to - LONGEST, to }, Metric::ApiResponseTime).await?;
    let of_last: Vec<&Recorded> = answers.iter().filter(|row| row.slot >= last.from).collect();
    let mut signals = vec![error_rate(&of_last), error_budget(&failures(&answers), to)];
    signals.extend(latency(RuleId::ApiLatency, &of_last));
    for (rule, metric) in [
        (RuleId::DatabaseLatency, Metric::DatabaseQueryTime),
        (RuleId::RedisLatency, Metric::RedisOperationTime),
    ] {
        let rows = recorded(&mut *db, last, metric).await?;
        signals.extend(latency(rule, &rows.iter().collect::<Vec<_>>()));
    }
    Ok(signals)
}

/// What a latency rule's metric is.
pub(super) fn metric_of(rule: RuleId) -> Option<Metric> {
    match rule {
        RuleId::ApiLatency | RuleId::ErrorRate | RuleId::ErrorBudget => {
            Some(Metric::ApiResponseTime)
        }
        RuleId::DatabaseLatency => Some(Metric::DatabaseQueryTime),
        RuleId::RedisLatency => Some(Metric::RedisOperationTime),
        _ => None,
    }
}

/// The 95th percentile of a slot, jobs left out, with the slowest endpoints; nothing where there is none.
pub(super) fn latency(rule: RuleId, slot: &[&Recorded]) -> Option<Signal> {
    let (mut all, mut by_endpoint) = (Histogram::default(), BTreeMap::<&str, Histogram>::new());
    for row in slot.iter().filter(|row| !is_job(&row.endpoint)) {
        all.merge(&row.timings.histogram);
        by_endpoint.entry(&row.endpoint).or_default().merge(&row.timings.histogram);
    }
    let p95 = all.quantile(0.95)?;
    let mut slowest: Vec<(&str, f64)> = by_endpoint
        .into_iter()
        .filter(|(_, histogram)| histogram.count() >= ENDPOINT_COUNT_MIN)
        .filter_map(|(endpoint, histogram)| Some((endpoint, histogram.quantile(0.95)?)))
        .collect();
    slowest.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    slowest.truncate(ENDPOINTS_MAX);
    let line = |(endpoint, ms)| Line::new(endpoint, endpoint, Value::Milliseconds(ms));
    let signal = Signal::new(rule, p95, all.count());
    Some(signal.with_detail(slowest.into_iter().map(line).collect()))
}

fn requests<'a>(rows: impl IntoIterator<Item = &'a Recorded>) -> Requests {
    rows.into_iter().fold(Requests::default(), |sum, row| {
        let total = row.timings.histogram.count();
        sum.plus(Requests { total, failed: if row.status_class == FAILED { total } else { 0 } })
    })
}

/// The share of a slot's answers that are failures, with the endpoints that failed most.
pub(super) fn error_rate(slot: &[&Recorded]) -> Signal {
    let all = requests(slot.iter().copied());
    let mut failed: BTreeMap<&str, i64> = BTreeMap::new();
    for row in slot.iter().filter(|row| row.status_class == FAILED) {
        *failed.entry(&row.endpoint).or_default() += row.timings.histogram.count();
    }
    let mut failed: Vec<(&str, i64)> = failed.into_iter().collect();
    failed.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    failed.truncate(ENDPOINTS_MAX);
    let line = |(endpoint, count)| Line::new(endpoint, endpoint, Value::Count(count));
    let signal = Signal::new(RuleId::ErrorRate, all.failed_share().unwrap_or(0.0), all.total);
    signal.with_detail(failed.into_iter().map(line).collect())
}

/// Requests by slot.
pub(super) type BySlot = BTreeMap<DateTime<Utc>, Requests>;

/// How many requests there were in each slot, and how many failed.
pub(super) fn failures(rows: &[Recorded]) -> BySlot {
    let mut by_slot = BySlot::new();
    for row in rows {
        let slot = by_slot.entry(row.slot).or_default();
        *slot = slot.plus(requests([row]));
    }
    by_slot
}

/// How fast the error budget burns at the end of a slot.
pub(super) fn error_budget(by_slot: &BySlot, to: DateTime<Utc>) -> Signal {
    let window = |length: TimeDelta| {
        by_slot.range(to - length..to).fold(Requests::default(), |sum, (_, slot)| sum.plus(*slot))
    };
    let (five_minutes, half_hour) = (window(SLOT), window(TimeDelta::minutes(30)));
    let (hour, six_hours) = (window(TimeDelta::hours(1)), window(LONGEST));
    let burn = budget_burn((five_minutes, hour), (half_hour, six_hours));
    let share = |requests: Requests| requests.failed_share().map_or(Value::Unknown, Value::Share);
    let detail = vec![
        Line::new(
            "Verbrauch, so oft das Erlaubte",
            "Burn rate, times what is allowed",
            Value::Number(burn.rate),
        ),
        Line::new("Fehler in 5 Minuten", "Failures in 5 minutes", share(five_minutes)),
        Line::new("Fehler in 1 Stunde", "Failures in 1 hour", share(hour)),
        Line::new("Fehler in 6 Stunden", "Failures in 6 hours", share(six_hours)),
    ];
    Signal::new(RuleId::ErrorBudget, burn.value, burn.count).with_detail(detail)
}
