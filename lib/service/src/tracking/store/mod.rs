//! Storage of entries: one transaction, every event in it stored once and counted once.
//!
//! Sessions are locked first, in key order, so that transactions cannot deadlock. Events that the
//! database cannot take are found by bisection and become dead letters in the same transaction.

mod changes;
mod events;
mod interactions;
mod letters;
mod sessions;
mod tally;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use nest_haus_domain::configurator::PriceLists;
use nest_haus_domain::tracking::{Entry, Event, Register, SessionFacts, SessionId, SessionKey};
use serde_json::Value;
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use self::changes::project_changes;
use self::events::{Dead, Placed, Table, insert_events};
use self::letters::{insert_letters, insert_rejections};
use self::sessions::{lock_sessions, project_sessions};
use self::tally::{Tally, known_stages};
use super::accept::refuse_without_consent;
use crate::configurator::{self, PriceListLock};
use crate::platform::{App, begin_bounded};

pub(super) use self::letters::{DamagedEntry, insert_damaged_entries};
pub(super) use self::tally::{Numbered, accounted_numbers, move_damaged_count};

/// What became of the events of some entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::tracking) struct Outcome {
    /// Events transmitted.
    pub received: i64,
    /// Events stored.
    pub stored: i64,
    /// Events refused.
    pub rejected: i64,
    /// Events that were stored before.
    pub duplicate: i64,
    /// Events that the database could not take.
    pub dead: i64,
}

/// The transactions that entries are stored by, which differ in what the ledger knows already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tracking) enum Origin {
    /// On arrival: the events are counted for the first time.
    Arrival,
    /// A dead letter sent again: the events were counted as received and dead.
    DeadLetter,
}

/// Stores entries inside the caller's transaction.
///
/// An entry that was stored before, by another way, is recognised by its id on the stored rows: it
/// stores nothing and counts nothing. Events that need consent and were received after the visitor
/// refused it are refused here too, since the refusal may have gone past the queue.
pub(in crate::tracking) async fn store(
    app: &App,
    tx: &mut PgTransaction<'_>,
    mut entries: Vec<Entry>,
    origin: Origin,
) -> Result<Outcome, sqlx::Error> {
    let mut known = lock_sessions(tx, &entries).await?;
    for entry in &mut entries {
        refuse_after_refusal(entry, &known);
    }
    let events: Vec<Placed<'_>> = entries
        .iter()
        .flat_map(|entry| entry.events.iter().map(move |event| Placed::new(entry, event)))
        .collect();
    let lists = price_lists(app, tx, &events, &known).await?;
    let mut fates = insert_events(tx, &events, &lists).await?;
    let stages = known_stages(tx, &entries).await?;
    let dead = fates.dead.iter().map(Dead::letter).collect();
    insert_letters(tx, dead).await?;
    fates.repeated.extend(insert_rejections(tx, &entries).await?);
    note_repeated(tx, &fates.repeated).await?;
    let new: Vec<_> = events.iter().filter(|placed| fates.is_new(placed)).copied().collect();
    project_changes(tx, &new).await?;
    project_sessions(tx, &new, &mut known, &lists).await?;
    mark_visits(tx, &entries, &new).await?;
    mark_counts(tx, &new).await?;
    let tally = Tally::of(&entries, &events, &fates, stages);
    tally.write(tx, origin).await?;
    Ok(tally.total())
}

/// Marks the sessions whose visits must be projected anew: those of new events, and those of which more
/// is known about what became of their events. A measurement is no part of a visit.
async fn mark_visits(
    tx: &mut PgTransaction<'_>,
    entries: &[Entry],
    new: &[Placed<'_>],
) -> Result<(), sqlx::Error> {
    let of_visits = |placed: &&Placed<'_>| Table::of(&placed.event.payload) != Table::Metrics;
    let of_events = new.iter().filter(of_visits).map(|placed| placed.session_key);
    let refused = entries.iter().flat_map(|entry| &entry.rejections);
    let reported = entries.iter().flat_map(|entry| &entry.sequences);
    let refused = refused.filter_map(|rejection| rejection.session_id.as_ref());
    let counted = refused.chain(reported.map(|report| &report.session_id)).map(SessionId::key);
    let keys: BTreeSet<Uuid> = of_events.chain(counted).map(SessionKey::as_uuid).collect();
    let keys: Vec<Uuid> = keys.into_iter().collect();
    sqlx::query!("INSERT INTO stale_visits (session_key) SELECT unnest($1::uuid[])", &keys)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Marks the hours of new measurements and the days of new interactions, which must be counted anew. A
/// measurement that is reported again counts in its last hour alone.
async fn mark_counts(tx: &mut PgTransaction<'_>, new: &[Placed<'_>]) -> Result<(), sqlx::Error> {
    let of = |table| {
        let events = new.iter().filter(move |placed| Table::of(&placed.event.payload) == table);
        events.map(|placed| placed.event)
    };
    let measured: Vec<_> = of(Table::Metrics).map(|event| event.occurred_at).collect();
    let again: Vec<String> = of(Table::Metrics).filter_map(Event::measurement_id).collect();
    sqlx::query!(
        "INSERT INTO stale_metric_hours
         SELECT DISTINCT date_bin('1 hour', at, 'epoch') FROM (
            SELECT unnest($1::timestamptz[]) AS at
            UNION ALL
            SELECT occurred_at FROM performance_metrics
            WHERE additional_data ->> 'id' = ANY($2)) AS measured",
        &measured,
        &again
    )
    .execute(&mut **tx)
    .await?;
    let acted: Vec<_> = of(Table::Interactions).map(|event| event.occurred_at).collect();
    sqlx::query!(
        "INSERT INTO stale_heatmap_days
         SELECT DISTINCT date_bin('1 day', at, 'epoch') FROM unnest($1::timestamptz[]) AS at",
        &acted
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The price lists that the configurations among some events, and the latest ones of their sessions,
/// fall under. Nobody publishes another one until the transaction ends.
async fn price_lists(
    app: &App,
    tx: &mut PgTransaction<'_>,
    events: &[Placed<'_>],
    known: &HashMap<SessionKey, SessionFacts>,
) -> Result<PriceLists, sqlx::Error> {
    let snapshots =
        events.iter().filter(|placed| Table::of(&placed.event.payload) == Table::Snapshots);
    let seen = snapshots.map(|placed| placed.event.occurred_at);
    let earliest =
        seen.chain(known.values().filter_map(|facts| facts.at(&Register::Configuration))).min();
    let Some(earliest) = earliest else { return Ok(PriceLists::default()) };
    configurator::lock_price_lists(tx, PriceListLock::Use).await?;
    configurator::price_lists_in(app, tx, earliest).await
}

/// Refuses what needs consent and was received after the visitor refused it.
fn refuse_after_refusal(entry: &mut Entry, known: &HashMap<SessionKey, SessionFacts>) {
    if !entry.kind.needs_consent() {
        return;
    }
    let refused = |session_id: &SessionId| {
        let facts = known.get(&session_id.key())?;
        let since = facts.at(&Register::Consent)?;
        (facts.analytics_consent() == Some(false) && entry.received_at >= since)
            .then(|| (session_id.clone(), "consent_denied".to_owned()))
    };
    let sessions = entry.events.iter().filter_map(|event| event.session_id.as_ref());
    let codes: BTreeMap<SessionId, String> = sessions.filter_map(refused).collect();
    if !codes.is_empty() {
        refuse_without_consent(entry, &codes);
    }
}

/// An entry that came directly and through the queue counts as received once.
async fn note_repeated(
    tx: &mut PgTransaction<'_>,
    repeated: &HashSet<Uuid>,
) -> Result<(), sqlx::Error> {
    if repeated.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = repeated.iter().copied().collect();
    sqlx::query!("UPDATE direct_entries SET in_queue = true WHERE entry_id = ANY($1)", &ids)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Stores an entry without the queue, and answers which claim each of its sessions belongs to.
pub(in crate::tracking) async fn store_directly(
    app: &App,
    entry: &Entry,
) -> Result<HashMap<SessionKey, String>, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, app.config.request_timeout).await?;
    let received = i64::try_from(entry.received()).unwrap_or(i64::MAX);
    sqlx::query!(
        "INSERT INTO direct_entries (entry_id, queue, received) VALUES ($1, $2, $3)",
        entry.id,
        entry.kind.as_str(),
        received,
    )
    .execute(&mut *tx)
    .await?;
    store(app, &mut tx, vec![entry.clone()], Origin::Arrival).await?;
    let keys: Vec<Uuid> = entry.claims.keys().map(|id| id.key().as_uuid()).collect();
    let facts = load_facts(&mut tx, &keys).await?;
    tx.commit().await?;
    let owner = |facts: &SessionFacts| facts.value(&Register::Owner)?.as_str().map(str::to_owned);
    Ok(facts.iter().filter_map(|(key, facts)| Some((*key, owner(facts)?))).collect())
}

/// What the database knows of the consent of an entry's sessions.
pub(in crate::tracking) async fn known_consent(
    app: &App,
    entry: &Entry,
) -> Result<BTreeMap<SessionId, Option<bool>>, sqlx::Error> {
    let sessions: BTreeSet<_> =
        entry.events.iter().filter_map(|event| event.session_id.clone()).collect();
    let keys: Vec<Uuid> = sessions.iter().map(|id| id.key().as_uuid()).collect();
    let facts = load_facts(&mut *app.db.acquire().await?, &keys).await?;
    let consent = |id: &SessionId| facts.get(&id.key()).and_then(SessionFacts::analytics_consent);
    Ok(sessions.into_iter().map(|id| (id.clone(), consent(&id))).collect())
}

/// Takes the visitors' own ids out of events whose sessions did not agree to being analysed.
pub(in crate::tracking) fn forget_visitor_ids(
    entry: &mut Entry,
    agreed: impl Fn(&SessionId) -> bool,
) {
    for event in &mut entry.events {
        if !event.session_id.as_ref().is_some_and(&agreed) {
            event.visitor_id = None;
        }
    }
}

/// The facts of some sessions, by key.
pub(in crate::tracking) async fn load_facts(
    db: &mut PgConnection,
    keys: &[Uuid],
) -> Result<HashMap<SessionKey, SessionFacts>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT session_key, facts FROM session_facts WHERE session_key = ANY($1)",
        keys
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| Ok((SessionKey::from(row.session_key), decode_facts(row.facts)?)))
        .collect()
}

fn decode_facts(facts: Value) -> Result<SessionFacts, sqlx::Error> {
    serde_json::from_value(facts).map_err(|error| sqlx::Error::Decode(error.into()))
}
