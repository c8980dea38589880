//! Letters: events that were refused on arrival, and events that the database could not take.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Entry, Kind, Rejection, SessionId, SessionKey};
use serde_json::{Value, json};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::Origin;
use super::events::{Dead, Placed};
use super::tally::{Counts, write_ledger};

impl Dead<'_> {
    pub(super) fn letter(&self) -> Value {
        let Placed { entry, event, .. } = self.placed;
        json!({
            "id": Uuid::now_v7(),
            "stage": "dead",
            "queue": entry.kind,
            "entry_id": entry.id,
            "event_index": event.index,
            "events": 1,
            "event_id": event.id,
            "session_key": self.placed.session_key,
            "session_id": event.session_id,
            "tab_id": event.tab_id,
            "seq": event.seq,
            "code": self.code,
            "field": "",
            "detail": self.detail,
            "payload": json!(event).to_string(),
            "received_at": entry.received_at,
        })
    }
}

/// Inserts letters and answers the entry and position of those that were not there before.
pub(super) async fn insert_letters(
    tx: &mut PgTransaction<'_>,
    letters: Vec<Value>,
) -> Result<HashSet<(Uuid, i32)>, sqlx::Error> {
    if letters.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = sqlx::query!(
        "INSERT INTO dead_letters (id, stage, queue, entry_id, event_index, events, event_id,
            session_key, session_id, tab_id, seq, code, field, detail, payload, received_at)
         SELECT id, stage, queue, entry_id, event_index, events, event_id, session_key, session_id,
            tab_id, seq, code, field, detail, payload, received_at
         FROM json_populate_recordset(NULL::dead_letters, $1::text::json)
         ON CONFLICT (entry_id, event_index, stage) DO NOTHING
         RETURNING entry_id, event_index",
        Value::from(letters).to_string()
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.entry_id, row.event_index)).collect())
}

/// Keeps refused events, and answers the entries whose refusals were kept before.
pub(super) async fn insert_rejections(
    tx: &mut PgTransaction<'_>,
    entries: &[Entry],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let letters = entries.iter().flat_map(|entry| {
        entry.rejections.iter().map(move |rejection| rejection_letter(entry, rejection))
    });
    let letters = letters.collect();
    let new = insert_letters(tx, letters).await?;
    let position = |index| i32::try_from(index).unwrap_or(i32::MAX);
    let is_repeated = |entry: &&Entry| {
        entry.rejections.iter().any(|r| !new.contains(&(entry.id, position(r.index))))
    };
    Ok(entries.iter().filter(is_repeated).map(|entry| entry.id).collect())
}

fn rejection_letter(entry: &Entry, rejection: &Rejection) -> Value {
    let key = rejection.session_id.as_ref().map_or(SessionKey::NONE, SessionId::key);
    json!({
        "id": Uuid::now_v7(),
        "stage": "rejected",
        "queue": entry.kind,
        "entry_id": entry.id,
        "event_index": rejection.index,
        "events": 1,
        "event_id": rejection.event_id,
        "session_key": key,
        "session_id": rejection.session_id,
        "tab_id": rejection.tab_id,
        "seq": rejection.seq,
        "code": rejection.code,
        "field": rejection.field,
        "detail": rejection.message,
        "payload": rejection.payload,
        "received_at": entry.received_at,
    })
}

/// Whole entries that cannot be decoded become one dead letter each, for all their events.
pub(in crate::tracking) async fn insert_damaged_entries(
    tx: &mut PgTransaction<'_>,
    kind: Kind,
    damaged: &[DamagedEntry<'_>],
) -> Result<(), sqlx::Error> {
    let letters = damaged.iter().map(|entry| {
        json!({
            "id": Uuid::now_v7(),
            "stage": "dead",
            "queue": kind,
            "entry_id": entry.entry_id,
            "event_index": -1,
            "events": entry.events,
            "session_key": SessionKey::NONE,
            "code": "undecodable",
            "field": "",
            "detail": entry.reason,
            "payload": entry.data.replace('\0', ""),
            "received_at": entry.received_at,
        })
    });
    insert_letters(tx, letters.collect()).await?;
    let events = damaged.iter().map(|entry| i64::from(entry.events)).sum();
    let counts = Counts { received: events, dead: events, ..Counts::default() };
    write_ledger(tx, &BTreeMap::from([(SessionKey::NONE, counts)]), Origin::Arrival).await
}

/// An entry whose data cannot be decoded.
pub(in crate::tracking) struct DamagedEntry<'a> {
    /// The request's id.
    pub entry_id: Uuid,
    /// Number of events it says it holds.
    pub events: i32,
    /// What is wrong.
    pub reason: String,
    /// The data as it stands in the queue.
    pub data: &'a str,
    /// When it was appended.
    pub received_at: DateTime<Utc>,
}
