//! Tracking that is off or paused: what this process knows of it, what it refuses for it, and the breaker
//! that pauses hover and scroll while taking events in is slow.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Controls, Entry, Event, NotTracked, TrackingKind};

use super::accept::refuse;
use crate::platform::{App, KnownControls};
use crate::queue;

/// What this process knows.
pub(super) fn known(app: &App) -> KnownControls {
    app.controls.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Notes what is in force.
pub(super) fn note(app: &App, known: KnownControls) {
    *app.controls.write().unwrap_or_else(PoisonError::into_inner) = known;
}

/// Moves the events that are not tracked at present to the refused ones, where the ledger counts them.
/// Answers the entry as it was, if that changed it: the controls may turn out to be outdated.
pub(super) fn refuse_untracked(
    entry: &mut Entry,
    controls: &Controls,
    now: DateTime<Utc>,
) -> Option<Entry> {
    let forbid = |event: &Event| controls.forbid(TrackingKind::of(event)?, now);
    let whole = entry.events.iter().any(|event| forbid(event).is_some()).then(|| entry.clone())?;
    refuse(entry, |event| {
        let why = forbid(event)?;
        let message = match why {
            NotTracked::Off => "this kind of tracking is switched off",
            NotTracked::Paused => "this kind of tracking waits while the system is busy",
        };
        Some((why.code().to_owned(), "eventType", message))
    });
    Some(whole)
}

/// The share of events that clients should send at present, by kind; nothing of a kind of which all are
/// wanted.
pub(super) fn sampling(controls: &Controls, now: DateTime<Utc>) -> BTreeMap<&'static str, f64> {
    let unwanted =
        TrackingKind::ALL.into_iter().filter(|kind| controls.forbid(*kind, now).is_some());
    unwanted.map(|kind| (kind.as_str(), 0.0)).collect()
}

/// Until when optional tracking has to wait since this process takes events in too slowly; nothing if
/// nothing changes.
#[must_use]
pub fn should_pause(app: &App) -> Option<DateTime<Utc>> {
    let limit = f64::from(app.config.breaker_accept_p95_ms);
    let times = app.accept_times.lock().unwrap_or_else(PoisonError::into_inner);
    times.pause(limit, known(app).decode().paused_until, app.clock.now())
}

/// Lets optional tracking wait everywhere.
pub async fn pause(app: &App, until: DateTime<Utc>) {
    tracing::warn!(%until, "taking events in is slow: hover and scroll wait");
    // Noted first: this process holds back even if the others cannot be told.
    note(app, KnownControls { paused_until: until.timestamp_millis().to_string(), ..known(app) });
    if let Err(error) = queue::pause_optional(app, until).await {
        tracing::warn!(?error, "other processes not told to hold back");
    }
}
