//! What is measured of everything but requests, as signals.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::analytics::Period;
use nest_haus_domain::monitoring::{RuleId, Signal};
use nest_haus_domain::notifications::{Line, Value};
use nest_haus_domain::tracking::Kind;
use sqlx::PgConnection;

use crate::analytics::{measured_histogram, wrong_prices};
use crate::notifications::failed_since;
use crate::platform::{App, Config};
use crate::queue::{self, QueueStatus};
use crate::tracking::dead_letters::open_dead_events;
use crate::tracking::ledger::loss_of_closed_sessions;

/// A session is closed so long after its last activity (definitions b1): 30 minutes of pause, and 10 for
/// what comes late.
pub(super) const CLOSED_AFTER: TimeDelta = TimeDelta::minutes(40);

/// What loads when the configurator does.
pub(super) const CONFIGURATOR_LOAD: &str = "configurator_load_time";

/// How full each stream is; nothing where Redis does not answer.
pub(super) type Queues = Option<Vec<(Kind, QueueStatus)>>;

/// How full each stream is.
pub(super) async fn queues(app: &App) -> Queues {
    let status = queue::status(app).await;
    status.inspect_err(|error| tracing::warn!(?error, "redis does not answer")).ok()
}

/// Whether nothing waits in the queue that arrived before a moment.
pub(super) fn is_drained_up_to(queues: &Queues, moment: DateTime<Utc>) -> bool {
    let waits = |(_, status): &(Kind, QueueStatus)| status.oldest_at.is_some_and(|at| at < moment);
    queues.as_ref().is_some_and(|queues| !queues.iter().any(waits))
}

/// Whether Redis answers, how old the queue is and how full.
pub(super) fn of_queues(queues: &Queues, config: &Config, now: DateTime<Utc>) -> Vec<Signal> {
    let dependency =
        |away: bool| Signal::about(RuleId::Dependency, "redis", if away { 1.0 } else { 0.0 }, 1);
    let Some(queues) = queues else { return vec![dependency(true)] };
    let age = |(kind, status): &(Kind, QueueStatus)| {
        let waited = status.oldest_at.map_or(TimeDelta::zero(), |at| now - at);
        (*kind, minutes(waited), status.entries)
    };
    let fill = |(kind, status): &(Kind, QueueStatus)| {
        let entries = share(status.entries, config.queue_entries_max);
        (*kind, entries.max(share(status.bytes, config.queue_bytes_max)), status.entries)
    };
    let mut signals = vec![dependency(false)];
    signals.extend(worst(RuleId::QueueAge, queues.iter().map(age)));
    signals.extend(worst(RuleId::QueueFill, queues.iter().map(fill)));
    signals
}

/// The worst stream's value, with its name.
fn worst(rule: RuleId, streams: impl Iterator<Item = (Kind, f64, i64)>) -> Option<Signal> {
    let (kind, value, entries) = streams.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let detail = vec![
        Line::new("Strom", "Stream", Value::Text(kind.as_str().to_owned())),
        Line::new("Einträge", "Entries", Value::Count(entries)),
    ];
    Some(Signal::new(rule, value.max(0.0), entries).with_detail(detail))
}

#[expect(clippy::cast_precision_loss, reason = "bounds stay far below 2^52")]
fn share(part: i64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds")]
fn minutes(time: TimeDelta) -> f64 {
    time.num_milliseconds() as f64 / 60_000.0
}

/// What is stored: events that could not be, wrong prices, messages that were given up, loss, and how fast
/// the configurator loads.
pub(super) async fn of_database(
    db: &mut PgConnection,
    queues: &Queues,
    now: DateTime<Utc>,
) -> Result<Vec<Signal>, sqlx::Error> {
    let last_hour = Period { from: now - TimeDelta::hours(1), to: now };
    let mut signals = vec![
        counted(RuleId::DeadLetters, open_dead_events(&mut *db).await?),
        counted(RuleId::PriceMismatch, wrong_prices(&mut *db, last_hour).await?),
        counted(
            RuleId::NotificationFailed,
            failed_since(&mut *db, now - TimeDelta::hours(24)).await?,
        ),
    ];
    let loads = measured_histogram(&mut *db, last_hour, CONFIGURATOR_LOAD).await?;
    let load = |p75| Signal::new(RuleId::ConfiguratorLoad, p75, loads.count());
    signals.extend(loads.quantile(0.75).map(load));
    // What waits in the queue is not lost, and cannot be told from it here.
    let closed_at = now - CLOSED_AFTER;
    if is_drained_up_to(queues, closed_at) {
        let day = Period { from: now - TimeDelta::hours(24), to: closed_at };
        signals.push(ledger_loss(loss_of_closed_sessions(db, day).await?));
    }
    Ok(signals)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn counted(rule: RuleId, count: i64) -> Signal {
    Signal::new(rule, count as f64, count)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn ledger_loss((unknown, emitted): (i64, i64)) -> Signal {
    let share = unknown as f64 / emitted.max(1) as f64;
    let detail = vec![
        Line::new("Verlorene Ereignisse", "Events lost", Value::Count(unknown)),
        Line::new("Nummerierte Ereignisse", "Numbered events", Value::Count(emitted)),
    ];
    Signal::new(RuleId::LedgerLoss, share, emitted).with_detail(detail)
}
