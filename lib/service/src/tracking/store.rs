//! Storage of entries: one transaction, every event in it stored once and counted once.
//!
//! Sessions are locked first, in key order, so that transactions cannot deadlock. Events that the
//! database cannot take are found by bisection and become dead letters in the same transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{
    Entry, Event, IdSource, Kind, Payload, Register, Rejection, SequenceNumber, SequenceReport,
    SessionFacts, SessionId, SessionKey, TabId,
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgTransaction};
use uuid::Uuid;

use super::accept::{facts_by_session, refuse_without_consent};
use crate::platform::{App, begin_bounded};

/// What became of the events of some entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Outcome {
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
pub(super) enum Origin {
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
pub(super) async fn store(
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
        .flat_map(|entry| entry.events.iter().map(move |event| Placed { entry, event }))
        .collect();
    let mut fates = insert_events(tx, &events).await?;
    let stages = known_stages(tx, &entries).await?;
    let dead = fates.dead.iter().map(Dead::letter).collect();
    insert_letters(tx, dead).await?;
    fates.repeated.extend(insert_rejections(tx, &entries).await?);
    note_repeated(tx, &fates.repeated).await?;
    let new: Vec<_> = events.iter().filter(|placed| fates.is_new(placed)).copied().collect();
    project_sessions(tx, &new, &mut known).await?;
    let tally = Tally::of(&entries, &events, &fates, stages);
    tally.write(tx, origin).await?;
    Ok(tally.total())
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
pub(super) async fn store_directly(
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
    store(&mut tx, vec![entry.clone()], Origin::Arrival).await?;
    let keys: Vec<Uuid> = entry.claims.keys().map(|id| id.key().as_uuid()).collect();
    let facts = load_facts(&mut tx, &keys).await?;
    tx.commit().await?;
    let owner = |facts: &SessionFacts| facts.value(&Register::Owner)?.as_str().map(str::to_owned);
    Ok(facts.iter().filter_map(|(key, facts)| Some((*key, owner(facts)?))).collect())
}

/// What the database knows of the consent of an entry's sessions.
pub(super) async fn known_consent(
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
pub(super) fn forget_visitor_ids(entry: &mut Entry, agreed: impl Fn(&SessionId) -> bool) {
    for event in &mut entry.events {
        if !event.session_id.as_ref().is_some_and(&agreed) {
            event.visitor_id = None;
        }
    }
}

/// The facts of some sessions, by key.
pub(super) async fn load_facts(
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

/// An event with the entry that it came in.
#[derive(Clone, Copy)]
struct Placed<'a> {
    entry: &'a Entry,
    event: &'a Event,
}

impl Placed<'_> {
    fn session_key(&self) -> SessionKey {
        self.event.session_id.as_ref().map_or(SessionKey::NONE, SessionId::key)
    }

    /// What two deliveries of one event share.
    fn identity(&self) -> Identity {
        let table = Table::of(&self.event.payload);
        let session = if table == Table::Metrics { SessionKey::NONE } else { self.session_key() };
        (table, session, self.event.id.as_uuid())
    }
}

type Identity = (Table, SessionKey, Uuid);

/// The tables that events are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Table {
    Interactions,
    Snapshots,
    Facts,
    Metrics,
}

impl Table {
    const ALL: [Self; 4] = [Self::Interactions, Self::Snapshots, Self::Facts, Self::Metrics];

    const fn of(payload: &Payload) -> Self {
        match payload {
            Payload::Interaction(_) => Self::Interactions,
            Payload::Snapshot(_) => Self::Snapshots,
            Payload::Fact(_) => Self::Facts,
            Payload::Metric(_) => Self::Metrics,
        }
    }
}

/// What became of each event: the identities that were new, and the events that could not be stored.
#[derive(Default)]
struct Fates<'a> {
    new: HashMap<Identity, &'a Event>,
    dead: Vec<Dead<'a>>,
    /// Entries that were stored before, by another way.
    repeated: HashSet<Uuid>,
}

/// An event that the database could not take, and why.
struct Dead<'a> {
    placed: Placed<'a>,
    code: String,
    detail: String,
}

impl Fates<'_> {
    /// Whether this very delivery is the one that was stored.
    fn is_new(&self, placed: &Placed<'_>) -> bool {
        self.new.get(&placed.identity()).is_some_and(|event| std::ptr::eq(*event, placed.event))
    }

    fn is_dead(&self, placed: &Placed<'_>) -> bool {
        self.dead.iter().any(|dead| std::ptr::eq(dead.placed.event, placed.event))
    }
}

/// Creates the rows of unknown sessions and locks all of them, in key order.
async fn lock_sessions(
    tx: &mut PgTransaction<'_>,
    entries: &[Entry],
) -> Result<HashMap<SessionKey, SessionFacts>, sqlx::Error> {
    let keys: BTreeSet<Uuid> = entries
        .iter()
        .flat_map(|entry| &entry.events)
        .filter_map(|event| Some(event.session_id.as_ref()?.key().as_uuid()))
        .collect();
    let keys: Vec<Uuid> = keys.into_iter().collect();
    sqlx::query!(
        "INSERT INTO session_facts (session_key)
         SELECT session_key FROM unnest($1::uuid[]) AS new (session_key) ORDER BY session_key
         ON CONFLICT DO NOTHING",
        &keys
    )
    .execute(&mut **tx)
    .await?;
    let rows = sqlx::query!(
        "SELECT session_key, facts FROM session_facts WHERE session_key = ANY($1)
         ORDER BY session_key FOR UPDATE",
        &keys
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| Ok((SessionKey::from(row.session_key), decode_facts(row.facts)?)))
        .collect()
}

async fn insert_events<'a>(
    tx: &mut PgTransaction<'_>,
    events: &[Placed<'a>],
) -> Result<Fates<'a>, sqlx::Error> {
    let mut fates = Fates::default();
    for table in Table::ALL {
        let mut seen = HashSet::new();
        let mut rows: Vec<Placed<'a>> = events
            .iter()
            .filter(|placed| Table::of(&placed.event.payload) == table)
            .filter(|placed| seen.insert(placed.identity()))
            .copied()
            .collect();
        rows.sort_by_key(Placed::identity);
        insert_bisected(tx, table, &rows, &mut fates).await?;
    }
    Ok(fates)
}

/// Inserts rows; halves a part that the database refuses for what it says, down to the row.
async fn insert_bisected<'a>(
    tx: &mut PgTransaction<'_>,
    table: Table,
    rows: &[Placed<'a>],
    fates: &mut Fates<'a>,
) -> Result<(), sqlx::Error> {
    let mut open = vec![rows];
    while let Some(part) = open.pop() {
        if part.is_empty() {
            continue;
        }
        let mut savepoint = tx.begin().await?;
        match insert(&mut savepoint, table, part).await {
            Ok(found) => {
                savepoint.commit().await?;
                for placed in part {
                    match found.get(&placed.identity()) {
                        Some(Found::New) => {
                            fates.new.insert(placed.identity(), placed.event);
                        }
                        Some(Found::OfSameEntry) => {
                            fates.repeated.insert(placed.entry.id);
                        }
                        None => {}
                    }
                }
            }
            Err(error) => {
                let Some(code) = poison_code(&error) else { return Err(error) };
                savepoint.rollback().await?;
                if let [placed] = part {
                    fates.dead.push(Dead { placed: *placed, code, detail: error.to_string() });
                } else {
                    let (front, back) = part.split_at(part.len() / 2);
                    open.extend([back, front]);
                }
            }
        }
    }
    Ok(())
}

/// The SQLSTATE of an error that says the data is at fault (classes 22 and 23), not the database.
pub(super) fn poison_code(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    (code.starts_with("22") || code.starts_with("23")).then(|| code.into_owned())
}

/// What an insert found out about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It was not there before.
    New,
    /// It was there, stored from the very same entry.
    OfSameEntry,
}

struct FoundRow {
    session_key: Option<Uuid>,
    event_id: Uuid,
    is_new: bool,
}

/// Inserts rows and answers which were new and which had come from the same entries before.
async fn insert(
    tx: &mut PgTransaction<'_>,
    table: Table,
    rows: &[Placed<'_>],
) -> Result<HashMap<Identity, Found>, sqlx::Error> {
    let json = rows.iter().map(row).collect::<Value>().to_string();
    let found = match table {
        Table::Interactions => insert_interactions(tx, &json).await?,
        Table::Snapshots => insert_snapshots(tx, &json).await?,
        Table::Facts => insert_facts(tx, &json).await?,
        Table::Metrics => insert_metrics(tx, &json).await?,
    };
    let identity = |row: &FoundRow| {
        let session = row.session_key.filter(|_| table != Table::Metrics);
        (table, session.map_or(SessionKey::NONE, SessionKey::from), row.event_id)
    };
    let fate = |row: &FoundRow| if row.is_new { Found::New } else { Found::OfSameEntry };
    Ok(found.iter().map(|row| (identity(row), fate(row))).collect())
}

async fn insert_interactions(
    tx: &mut PgTransaction<'_>,
    json: &str,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"WITH rows AS (
            SELECT * FROM json_populate_recordset(NULL::interaction_events, $1::text::json)
         ), new AS (
            INSERT INTO interaction_events (
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, time_spent_ms, total_price_cents,
                price_change_cents, viewport_width, viewport_height, id_source,
                late, interactive, tab_id, event_type, category, element_id,
                selection_value, previous_value, device_type, additional_data)
            SELECT
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, time_spent_ms, total_price_cents,
                price_change_cents, viewport_width, viewport_height, id_source,
                late, interactive, tab_id, event_type, category, element_id,
                selection_value, previous_value, device_type, additional_data
            FROM rows
            ON CONFLICT DO NOTHING RETURNING session_key, event_id)
         SELECT session_key, event_id AS "event_id!", true AS "is_new!" FROM new
         UNION ALL
         SELECT stored.session_key, stored.event_id, false
         FROM interaction_events AS stored JOIN rows USING (session_key, event_time, event_id)
         WHERE stored.entry_id = rows.entry_id"#,
        json
    )
    .fetch_all(&mut **tx)
    .await
}

async fn insert_snapshots(
    tx: &mut PgTransaction<'_>,
    json: &str,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"WITH rows AS (
            SELECT * FROM json_populate_recordset(NULL::configuration_snapshots, $1::text::json)
         ), new AS (
            INSERT INTO configuration_snapshots (
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, total_price_cents, completion, trigger, id_source,
                late, ohne_nest_mode, exits, completes, tab_id, configuration)
            SELECT
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, total_price_cents, completion, trigger, id_source,
                late, ohne_nest_mode, exits, completes, tab_id, configuration
            FROM rows
            ON CONFLICT DO NOTHING RETURNING session_key, event_id)
         SELECT session_key, event_id AS "event_id!", true AS "is_new!" FROM new
         UNION ALL
         SELECT stored.session_key, stored.event_id, false
         FROM configuration_snapshots AS stored JOIN rows USING (session_key, event_time, event_id)
         WHERE stored.entry_id = rows.entry_id"#,
        json
    )
    .fetch_all(&mut **tx)
    .await
}

async fn insert_facts(
    tx: &mut PgTransaction<'_>,
    json: &str,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"WITH rows AS (
            SELECT * FROM json_populate_recordset(NULL::session_events, $1::text::json)
         ), new AS (
            INSERT INTO session_events (
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, fact, id_source, late, tab_id, value)
            SELECT
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, fact, id_source, late, tab_id, value
            FROM rows
            ON CONFLICT DO NOTHING RETURNING session_key, event_id)
         SELECT session_key, event_id AS "event_id!", true AS "is_new!" FROM new
         UNION ALL
         SELECT stored.session_key, stored.event_id, false
         FROM session_events AS stored JOIN rows USING (session_key, event_time, event_id)
         WHERE stored.entry_id = rows.entry_id"#,
        json
    )
    .fetch_all(&mut **tx)
    .await
}

async fn insert_metrics(
    tx: &mut PgTransaction<'_>,
    json: &str,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"WITH rows AS (
            SELECT * FROM json_populate_recordset(NULL::performance_metrics, $1::text::json)
         ), new AS (
            INSERT INTO performance_metrics (
                event_time, event_id, session_key, occurred_at, received_at,
                entry_id, seq, value, id_source, late, tab_id, metric_name,
                endpoint, user_agent, additional_data)
            SELECT
                event_time, event_id, session_key, occurred_at, received_at,
                entry_id, seq, value, id_source, late, tab_id, metric_name,
                endpoint, user_agent, additional_data
            FROM rows
            ON CONFLICT DO NOTHING RETURNING session_key, event_id)
         SELECT session_key, event_id AS "event_id!", true AS "is_new!" FROM new
         UNION ALL
         SELECT stored.session_key, stored.event_id, false
         FROM performance_metrics AS stored JOIN rows USING (event_time, event_id)
         WHERE stored.entry_id = rows.entry_id"#,
        json
    )
    .fetch_all(&mut **tx)
    .await
}

/// A moment as PostgreSQL reads it, years of five digits included.
fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339().trim_start_matches('+').to_owned()
}

/// An event as a row of its table.
fn row(placed: &Placed<'_>) -> Value {
    let Placed { entry, event } = placed;
    let mut row = json!({
        "session_key": event.session_id.as_ref().map(|id| id.key().as_uuid()),
        "event_time": timestamp(event.id.time()),
        "event_id": event.id,
        "occurred_at": event.occurred_at,
        "received_at": entry.received_at,
        "entry_id": entry.id,
        "seq": event.seq,
        "id_source": event.id_source.as_str(),
        "late": event.late,
        "tab_id": event.tab_id,
    });
    let own = match &event.payload {
        Payload::Interaction(interaction) => json!({
            "event_type": interaction.event_type,
            "category": interaction.category,
            "element_id": interaction.element_id,
            "selection_value": interaction.selection_value,
            "previous_value": interaction.previous_value,
            "time_spent_ms": interaction.time_spent_ms,
            "total_price_cents": interaction.total_price_cents,
            "price_change_cents": interaction.price_change_cents,
            "interactive": interaction.interactive,
            "device_type": interaction.device.as_ref().and_then(|device| device.kind.as_ref()),
            "viewport_width": interaction.device.as_ref().and_then(|device| device.width),
            "viewport_height": interaction.device.as_ref().and_then(|device| device.height),
            "additional_data": interaction.additional_data,
        }),
        Payload::Snapshot(snapshot) => json!({
            "trigger": snapshot.trigger,
            "configuration": snapshot.configuration,
            "total_price_cents": snapshot.total_price_cents,
            "completion": snapshot.completion,
            "ohne_nest_mode": snapshot.ohne_nest_mode,
            "exits": snapshot.exits,
            "completes": snapshot.completes,
        }),
        Payload::Fact(fact) => json!({
            "fact": fact.as_str(),
            "value": json!(fact).get("value"),
        }),
        Payload::Metric(metric) => json!({
            "metric_name": metric.name,
            "value": metric.value,
            "endpoint": metric.endpoint,
            "user_agent": entry.context.user_agent,
            "additional_data": metric.additional_data,
        }),
    };
    if let (Some(row), Value::Object(own)) = (row.as_object_mut(), own) {
        row.extend(own);
    }
    row
}

impl Dead<'_> {
    fn letter(&self) -> Value {
        let Placed { entry, event } = self.placed;
        json!({
            "id": Uuid::now_v7(),
            "stage": "dead",
            "queue": entry.kind,
            "entry_id": entry.id,
            "event_index": event.index,
            "events": 1,
            "event_id": event.id,
            "session_key": self.placed.session_key(),
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
async fn insert_letters(
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
async fn insert_rejections(
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
pub(super) async fn insert_damaged_entries(
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
pub(super) struct DamagedEntry<'a> {
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

/// Folds new events into the facts of their sessions, and projects the sessions' rows.
async fn project_sessions(
    tx: &mut PgTransaction<'_>,
    new: &[Placed<'_>],
    known: &mut HashMap<SessionKey, SessionFacts>,
) -> Result<(), sqlx::Error> {
    let mut ids: BTreeMap<SessionKey, SessionId> = BTreeMap::new();
    let mut counts: HashMap<(SessionKey, Table), i64> = HashMap::new();
    for of_entry in new.chunk_by(|a, b| std::ptr::eq(a.entry, b.entry)) {
        let Some(first) = of_entry.first() else { continue };
        let events = of_entry.iter().map(|placed| placed.event);
        for (session_id, facts) in facts_by_session(first.entry, events) {
            known.entry(session_id.key()).or_default().merge(facts);
            ids.insert(session_id.key(), session_id);
        }
        for placed in of_entry {
            let table = Table::of(&placed.event.payload);
            *counts.entry((placed.session_key(), table)).or_default() += 1;
        }
    }
    let count = |key: SessionKey, table: Table| counts.get(&(key, table)).copied().unwrap_or(0);
    let mut facts_rows = Vec::with_capacity(ids.len());
    let mut session_rows = Vec::with_capacity(ids.len());
    for (key, session_id) in &ids {
        let Some(facts) = known.get_mut(key) else { continue };
        facts.forget_after_refusal();
        let mut row = session_row(session_id, facts);
        row["interaction_count"] = json!(count(*key, Table::Interactions));
        row["snapshot_count"] = json!(count(*key, Table::Snapshots));
        row["metric_count"] = json!(count(*key, Table::Metrics));
        facts_rows.push(json!({"session_key": key, "facts": facts}));
        session_rows.push(row);
    }
    write_sessions(tx, &Value::from(facts_rows).to_string(), &Value::from(session_rows).to_string())
        .await
}

/// The columns of a session that follow from its facts.
fn session_row(session_id: &SessionId, facts: &SessionFacts) -> Value {
    let value = |register: Register| facts.value(&register).cloned().unwrap_or(Value::Null);
    let (consent, context, device) =
        (value(Register::Consent), value(Register::Context), value(Register::Device));
    json!({
        "session_key": session_id.key(),
        "session_id": session_id,
        "status": facts.status(),
        "started_at": facts.at(&Register::Started),
        "last_activity_at": facts.at(&Register::LastActivity),
        "last_exit_at": facts.at(&Register::LastExit),
        "first_selection_at": facts.at(&Register::FirstSelection),
        "first_snapshot_at": facts.at(&Register::FirstSnapshot),
        "first_cart_at": facts.at(&Register::FirstCart),
        "completed_at": facts.at(&Register::Completed),
        "converted_at": facts.at(&Register::Converted),
        "total_price_cents": facts.total_price_cents(),
        "completion": facts.completion(),
        "ohne_nest_mode": value(Register::OhneNestMode),
        "analytics_consent": consent["analytics"],
        "marketing_consent": consent["marketing"],
        "functional_consent": consent["functional"],
        "device_type": device["type"],
        "country": context["country"],
        "city": context["city"],
        "user_agent": context["userAgent"],
        "referrer": context["referrer"],
        "visitor_id": value(Register::VisitorId),
    })
}

async fn write_sessions(
    tx: &mut PgTransaction<'_>,
    facts: &str,
    sessions: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE session_facts SET facts = new.facts
         FROM json_populate_recordset(NULL::session_facts, $1::text::json) AS new
         WHERE session_facts.session_key = new.session_key",
        facts
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO user_sessions (
            session_key, session_id, status, started_at, last_activity_at, last_exit_at,
            first_selection_at, first_snapshot_at, first_cart_at, completed_at, converted_at,
            total_price_cents, completion, interaction_count, snapshot_count, metric_count,
            ohne_nest_mode, analytics_consent, marketing_consent, functional_consent,
            device_type, country, city, user_agent, referrer, visitor_id)
         SELECT
            session_key, session_id, status, started_at, last_activity_at, last_exit_at,
            first_selection_at, first_snapshot_at, first_cart_at, completed_at, converted_at,
            total_price_cents, completion, interaction_count, snapshot_count, metric_count,
            ohne_nest_mode, analytics_consent, marketing_consent, functional_consent,
            device_type, country, city, user_agent, referrer, visitor_id
         FROM json_populate_recordset(NULL::user_sessions, $1::text::json)
         ON CONFLICT (session_key) DO UPDATE SET
            status = excluded.status,
            started_at = excluded.started_at,
            last_activity_at = excluded.last_activity_at,
            last_exit_at = excluded.last_exit_at,
            first_selection_at = excluded.first_selection_at,
            first_snapshot_at = excluded.first_snapshot_at,
            first_cart_at = excluded.first_cart_at,
            completed_at = excluded.completed_at,
            converted_at = excluded.converted_at,
            total_price_cents = excluded.total_price_cents,
            completion = excluded.completion,
            interaction_count = user_sessions.interaction_count + excluded.interaction_count,
            snapshot_count = user_sessions.snapshot_count + excluded.snapshot_count,
            metric_count = user_sessions.metric_count + excluded.metric_count,
            ohne_nest_mode = excluded.ohne_nest_mode,
            analytics_consent = excluded.analytics_consent,
            marketing_consent = excluded.marketing_consent,
            functional_consent = excluded.functional_consent,
            device_type = excluded.device_type,
            country = excluded.country,
            city = excluded.city,
            user_agent = excluded.user_agent,
            referrer = excluded.referrer,
            visitor_id = excluded.visitor_id",
        sessions
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the ledger adds for one session.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    received: i64,
    stored: i64,
    rejected: i64,
    duplicate: i64,
    dead: i64,
    unnumbered: i64,
}

/// What the ledger adds for one tab.
#[derive(Debug, Clone, Default)]
struct SequenceCounts {
    emitted: i64,
    stored: i64,
    rejected: i64,
    dead: i64,
    dropped_local: BTreeMap<String, i64>,
}

impl SequenceCounts {
    fn add(&mut self, stage: Stage, events: i64) {
        match stage {
            Stage::Stored => self.stored += events,
            Stage::Rejected => self.rejected += events,
            Stage::Dead => self.dead += events,
        }
    }
}

/// A numbered event: session, tab, sequence number.
pub(super) type Numbered = (SessionKey, String, i64);

/// What is known already of the numbered events of some entries. A client that missed an answer
/// sends refused events again, and one that corrects a refused event keeps its number: each number
/// counts once, for the best that became of it.
///
/// Stored events are looked up for refused ones alone: an accepted one that is stored already is a
/// repetition, and found as such.
async fn known_stages(
    tx: &mut PgTransaction<'_>,
    entries: &[Entry],
) -> Result<HashMap<Numbered, Stage>, sqlx::Error> {
    let accepted = entries
        .iter()
        .flat_map(|entry| &entry.events)
        .filter_map(|event| numbered(event.session_id.as_ref(), event.tab_id.as_ref(), event.seq));
    let refused = entries.iter().flat_map(|entry| &entry.rejections).filter_map(|rejection| {
        numbered(rejection.session_id.as_ref(), rejection.tab_id.as_ref(), rejection.seq)
    });
    let refused: BTreeSet<Numbered> = refused.collect();
    let all: BTreeSet<Numbered> = accepted.chain(refused.iter().cloned()).collect();
    let mut stages = letter_stages(tx, &all).await?;
    for number in stored_numbers(tx, &refused).await? {
        stages.insert(number, Stage::Stored);
    }
    Ok(stages)
}

/// Of some numbers, those whose events are refused or dead.
async fn letter_stages(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<HashMap<Numbered, Stage>, sqlx::Error> {
    let (keys, tabs, seqs) = columns(numbers);
    let letters = sqlx::query!(
        r#"SELECT session_key, tab_id AS "tab_id!", seq AS "seq!", stage = 'dead' AS "dead!"
         FROM dead_letters
         JOIN unnest($1::uuid[], $2::text[], $3::bigint[]) AS numbers (session_key, tab_id, seq)
            USING (session_key, tab_id, seq)
         WHERE replayed_at IS NULL"#,
        &keys,
        &tabs,
        &seqs
    )
    .fetch_all(db)
    .await?;
    let stage = |dead| if dead { Stage::Dead } else { Stage::Rejected };
    Ok(letters
        .into_iter()
        .map(|row| ((SessionKey::from(row.session_key), row.tab_id, row.seq), stage(row.dead)))
        .collect())
}

/// Of some numbers, those of whose events it is known what became.
pub(super) async fn accounted_numbers(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<BTreeSet<Numbered>, sqlx::Error> {
    let mut known: BTreeSet<Numbered> = letter_stages(db, numbers).await?.into_keys().collect();
    known.extend(stored_numbers(db, numbers).await?);
    Ok(known)
}

/// Of some numbers, those whose events are stored.
async fn stored_numbers(
    db: &mut PgConnection,
    numbers: &BTreeSet<Numbered>,
) -> Result<Vec<Numbered>, sqlx::Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let (keys, tabs, seqs) = columns(numbers);
    let rows = sqlx::query!(
        r#"SELECT session_key AS "session_key!", tab_id AS "tab_id!", seq AS "seq!"
         FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS number (session_key, tab_id, seq)
         WHERE EXISTS (SELECT FROM interaction_events AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM configuration_snapshots AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM session_events AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)
            OR EXISTS (SELECT FROM performance_metrics AS event
                WHERE event.session_key = number.session_key
                    AND event.tab_id = number.tab_id AND event.seq = number.seq)"#,
        &keys,
        &tabs,
        &seqs
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_key.into(), row.tab_id, row.seq)).collect())
}

/// Numbers as the arrays that a query takes.
fn columns(numbers: &BTreeSet<Numbered>) -> (Vec<Uuid>, Vec<String>, Vec<i64>) {
    let keys = numbers.iter().map(|(key, _, _)| key.as_uuid()).collect();
    let tabs = numbers.iter().map(|(_, tab, _)| tab.clone()).collect();
    let seqs = numbers.iter().map(|(_, _, seq)| *seq).collect();
    (keys, tabs, seqs)
}

fn numbered(
    session_id: Option<&SessionId>,
    tab_id: Option<&TabId>,
    seq: Option<SequenceNumber>,
) -> Option<Numbered> {
    let key = session_id.map_or(SessionKey::NONE, SessionId::key);
    Some((key, tab_id?.as_str().to_owned(), seq?.get()))
}

/// What became of a numbered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Stored,
    Rejected,
    Dead,
}

/// What the ledger adds for some entries.
#[derive(Default)]
struct Tally {
    sessions: BTreeMap<SessionKey, Counts>,
    sequences: BTreeMap<(SessionKey, String), SequenceCounts>,
    /// What became of numbered events so far.
    stages: HashMap<Numbered, Stage>,
}

impl Tally {
    fn of(
        entries: &[Entry],
        events: &[Placed<'_>],
        fates: &Fates<'_>,
        stages: HashMap<Numbered, Stage>,
    ) -> Self {
        let mut tally = Self { stages, ..Self::default() };
        for placed in events.iter().filter(|placed| !fates.repeated.contains(&placed.entry.id)) {
            tally.count_event(placed, fates);
        }
        for entry in entries.iter().filter(|entry| !fates.repeated.contains(&entry.id)) {
            for rejection in &entry.rejections {
                tally.count_rejection(rejection);
            }
            for session in &entry.repeated {
                let key = session.as_ref().map_or(SessionKey::NONE, SessionId::key);
                let counts = tally.sessions.entry(key).or_default();
                counts.received += 1;
                counts.duplicate += 1;
            }
            for report in &entry.sequences {
                tally.note_report(report);
            }
        }
        tally
    }

    fn count_event(&mut self, placed: &Placed<'_>, fates: &Fates<'_>) {
        let event = placed.event;
        let (is_new, is_dead) = (fates.is_new(placed), fates.is_dead(placed));
        let counts = self.sessions.entry(placed.session_key()).or_default();
        counts.received += 1;
        counts.stored += i64::from(is_new);
        counts.dead += i64::from(is_dead);
        counts.duplicate += i64::from(!is_new && !is_dead);
        let unaccountable = event.seq.is_none() || event.id_source == IdSource::Server;
        counts.unnumbered += i64::from(is_new && unaccountable);
        let numbered = numbered(event.session_id.as_ref(), event.tab_id.as_ref(), event.seq);
        if is_new {
            self.count_numbered(numbered, Stage::Stored);
        } else if is_dead {
            self.count_numbered(numbered, Stage::Dead);
        }
    }

    fn count_rejection(&mut self, rejection: &Rejection) {
        let session_id = rejection.session_id.as_ref();
        let counts = self.sessions.entry(session_id.map_or(SessionKey::NONE, SessionId::key));
        let counts = counts.or_default();
        counts.received += 1;
        counts.rejected += 1;
        let numbered = numbered(session_id, rejection.tab_id.as_ref(), rejection.seq);
        self.count_numbered(numbered, Stage::Rejected);
    }

    /// Counts a number once, for its best stage: what is stored is neither refused nor dead.
    fn count_numbered(&mut self, numbered: Option<Numbered>, stage: Stage) {
        let Some(numbered) = numbered else { return };
        let sequence = self.sequences.entry((numbered.0, numbered.1.clone())).or_default();
        sequence.emitted = sequence.emitted.max(numbered.2);
        match (self.stages.get(&numbered).copied(), stage) {
            (None, stage) => sequence.add(stage, 1),
            (Some(before @ (Stage::Rejected | Stage::Dead)), Stage::Stored) => {
                sequence.add(before, -1);
                sequence.add(Stage::Stored, 1);
            }
            (Some(_), _) => return,
        }
        self.stages.insert(numbered, stage);
    }

    fn note_report(&mut self, report: &SequenceReport) {
        let tab = (report.session_id.key(), report.tab_id.as_str().to_owned());
        let sequence = self.sequences.entry(tab).or_default();
        sequence.emitted = sequence.emitted.max(report.emitted);
        for (reason, dropped) in &report.dropped_local {
            let known = sequence.dropped_local.entry(reason.clone()).or_default();
            *known = (*known).max(*dropped);
        }
    }

    fn total(&self) -> Outcome {
        self.sessions.values().fold(Outcome::default(), |sum, counts| Outcome {
            received: sum.received + counts.received,
            stored: sum.stored + counts.stored,
            rejected: sum.rejected + counts.rejected,
            duplicate: sum.duplicate + counts.duplicate,
            dead: sum.dead + counts.dead,
        })
    }

    async fn write(&self, tx: &mut PgTransaction<'_>, origin: Origin) -> Result<(), sqlx::Error> {
        write_ledger(tx, &self.sessions, origin).await?;
        let rows = self.sequences.iter().map(|((key, tab_id), sequence)| {
            json!({
                "session_key": key,
                "tab_id": tab_id,
                "emitted": sequence.emitted,
                "stored": sequence.stored,
                "rejected": sequence.rejected,
                "dead": sequence.dead,
                "erased": 0,
                "dropped_local": sequence.dropped_local,
            })
        });
        let rows = rows.collect::<Value>().to_string();
        sqlx::query!(
            "INSERT INTO sequences (
            session_key, tab_id, emitted, stored, rejected, dead, erased, dropped_local)
         SELECT
            session_key, tab_id, emitted, stored, rejected, dead, erased, dropped_local
         FROM json_populate_recordset(NULL::sequences, $1::text::json)
             ON CONFLICT (session_key, tab_id) DO UPDATE SET
                emitted = greatest(sequences.emitted, excluded.emitted),
                stored = sequences.stored + excluded.stored,
                rejected = sequences.rejected + excluded.rejected,
                dead = sequences.dead + excluded.dead,
                dropped_local = (
                    SELECT coalesce(jsonb_object_agg(reason, dropped), '{}') FROM (
                        SELECT reason, max(dropped::bigint) AS dropped
                        FROM (SELECT * FROM jsonb_each_text(sequences.dropped_local)
                              UNION ALL SELECT * FROM jsonb_each_text(excluded.dropped_local))
                            AS reports (reason, dropped)
                        GROUP BY reason) AS greatest_reports)",
            rows
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

async fn write_ledger(
    tx: &mut PgTransaction<'_>,
    sessions: &BTreeMap<SessionKey, Counts>,
    origin: Origin,
) -> Result<(), sqlx::Error> {
    let rows = sessions.iter().map(|(key, counts)| {
        let counted_before = match origin {
            Origin::Arrival => 0,
            Origin::DeadLetter => counts.received,
        };
        json!({
            "session_key": key,
            "received": counts.received - counted_before,
            "stored": counts.stored,
            "rejected": counts.rejected,
            "duplicate": counts.duplicate,
            "dead": counts.dead - counted_before,
            "unnumbered": counts.unnumbered,
        })
    });
    let rows = rows.collect::<Value>().to_string();
    sqlx::query!(
        "INSERT INTO ledger (
            session_key, received, stored, rejected, duplicate, dead, unnumbered)
         SELECT
            session_key, received, stored, rejected, duplicate, dead, unnumbered
         FROM json_populate_recordset(NULL::ledger, $1::text::json)
         ON CONFLICT (session_key) DO UPDATE SET
            received = ledger.received + excluded.received,
            stored = ledger.stored + excluded.stored,
            rejected = ledger.rejected + excluded.rejected,
            duplicate = ledger.duplicate + excluded.duplicate,
            dead = ledger.dead + excluded.dead,
            unnumbered = ledger.unnumbered + excluded.unnumbered",
        rows
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a damaged entry that could be read after all from the events without a session, under
/// which it was counted as received and dead: its events are counted under their own sessions now.
pub(super) async fn move_damaged_count(
    tx: &mut PgTransaction<'_>,
    events: i64,
) -> Result<(), sqlx::Error> {
    let moved = Counts { received: -events, dead: -events, ..Counts::default() };
    write_ledger(tx, &BTreeMap::from([(SessionKey::NONE, moved)]), Origin::Arrival).await
}
