//! Rows of events: what each table takes, what was new, what the database refuses.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use nest_haus_domain::configurator::{Appraisal, PriceLists};
use nest_haus_domain::tracking::{Entry, Event, Payload, SessionId, SessionKey, Snapshot};
use serde_json::{Value, json};
use sqlx::{Connection, PgTransaction};
use uuid::Uuid;

use super::interactions::insert_interactions;

/// An event with the entry that it came in.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) entry: &'a Entry,
    pub(super) event: &'a Event,
    /// The session's key, hashed once.
    pub(super) session_key: SessionKey,
}

impl<'a> Placed<'a> {
    pub(super) fn new(entry: &'a Entry, event: &'a Event) -> Self {
        let session_key = event.session_id.as_ref().map_or(SessionKey::NONE, SessionId::key);
        Self { entry, event, session_key }
    }

    /// What two deliveries of one event share.
    fn identity(&self) -> Identity {
        let table = Table::of(&self.event.payload);
        let session = if table == Table::Metrics { SessionKey::NONE } else { self.session_key };
        (table, session, self.event.id.as_uuid())
    }
}

pub(super) type Identity = (Table, SessionKey, Uuid);

/// The tables that events are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Table {
    Interactions,
    Snapshots,
    Facts,
    Metrics,
}

impl Table {
    const ALL: [Self; 4] = [Self::Interactions, Self::Snapshots, Self::Facts, Self::Metrics];

    pub(super) const fn of(payload: &Payload) -> Self {
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
pub(super) struct Fates<'a> {
    new: HashMap<Identity, &'a Event>,
    pub(super) dead: Vec<Dead<'a>>,
    /// Entries that were stored before, by another way.
    pub(super) repeated: HashSet<Uuid>,
}

/// An event that the database could not take, and why.
pub(super) struct Dead<'a> {
    pub(super) placed: Placed<'a>,
    pub(super) code: String,
    pub(super) detail: String,
}

impl Fates<'_> {
    /// Whether this very delivery is the one that was stored.
    pub(super) fn is_new(&self, placed: &Placed<'_>) -> bool {
        self.new.get(&placed.identity()).is_some_and(|event| std::ptr::eq(*event, placed.event))
    }

    pub(super) fn is_dead(&self, placed: &Placed<'_>) -> bool {
        self.dead.iter().any(|dead| std::ptr::eq(dead.placed.event, placed.event))
    }
}

pub(super) async fn insert_events<'a>(
    tx: &mut PgTransaction<'_>,
    events: &[Placed<'a>],
    lists: &PriceLists,
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
        rows.sort_unstable_by_key(Placed::identity);
        insert_bisected(tx, (table, lists), &rows, &mut fates).await?;
    }
    Ok(fates)
}

/// Inserts rows; halves a part that the database refuses for what it says, down to the row.
async fn insert_bisected<'a>(
    tx: &mut PgTransaction<'_>,
    (table, lists): (Table, &PriceLists),
    rows: &[Placed<'a>],
    fates: &mut Fates<'a>,
) -> Result<(), sqlx::Error> {
    let mut open = vec![rows];
    while let Some(part) = open.pop() {
        if part.is_empty() {
            continue;
        }
        let mut savepoint = tx.begin().await?;
        match insert(&mut savepoint, (table, lists), part).await {
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
fn poison_code(error: &sqlx::Error) -> Option<String> {
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

pub(super) struct FoundRow {
    pub(super) session_key: Option<Uuid>,
    pub(super) event_id: Uuid,
    pub(super) is_new: bool,
}

/// Inserts rows and answers which were new and which had come from the same entries before.
async fn insert(
    tx: &mut PgTransaction<'_>,
    (table, lists): (Table, &PriceLists),
    rows: &[Placed<'_>],
) -> Result<HashMap<Identity, Found>, sqlx::Error> {
    let json = || rows.iter().map(|placed| row(placed, lists)).collect::<Value>().to_string();
    let found = match table {
        Table::Interactions => insert_interactions(tx, rows).await?,
        Table::Snapshots => insert_snapshots(tx, &json()).await?,
        Table::Facts => insert_facts(tx, &json()).await?,
        Table::Metrics => insert_metrics(tx, &json()).await?,
    };
    let identity = |row: &FoundRow| {
        let session = row.session_key.filter(|_| table != Table::Metrics);
        (table, session.map_or(SessionKey::NONE, SessionKey::from), row.event_id)
    };
    let fate = |row: &FoundRow| if row.is_new { Found::New } else { Found::OfSameEntry };
    Ok(found.iter().map(|row| (identity(row), fate(row))).collect())
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
                entry_id, seq, claimed_price_cents, total_price_cents, price_list_version,
                completion, completion_incl_defaults, trigger, id_source, price_check, on_request,
                late, ohne_nest_mode, exits, completes, tab_id, configuration, selections,
                configuration_hash)
            SELECT
                session_key, event_time, event_id, occurred_at, received_at,
                entry_id, seq, claimed_price_cents, total_price_cents, price_list_version,
                completion, completion_incl_defaults, trigger, id_source, price_check, on_request,
                late, ohne_nest_mode, exits, completes, tab_id, configuration, selections,
                configuration_hash
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
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339().trim_start_matches('+').to_owned()
}

/// An event as a row of its table; interactions are written by columns.
fn row(placed: &Placed<'_>, lists: &PriceLists) -> Value {
    let Placed { entry, event, .. } = placed;
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
        Payload::Interaction(_) => Value::Null,
        Payload::Snapshot(snapshot) => snapshot_columns(snapshot, event.occurred_at, lists),
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

/// A snapshot with what it costs by the list in force when it was seen.
fn snapshot_columns(snapshot: &Snapshot, at: DateTime<Utc>, lists: &PriceLists) -> Value {
    let claimed = snapshot.total_price_cents;
    let appraisal = lists.appraise(&snapshot.configuration, claimed, at);
    let mut columns = appraisal.as_ref().map_or_else(|| json!({}), appraisal_columns);
    columns["trigger"] = json!(snapshot.trigger);
    columns["configuration"] = snapshot.configuration.clone();
    columns["claimed_price_cents"] = json!(claimed);
    columns["ohne_nest_mode"] = json!(snapshot.ohne_nest_mode);
    columns["exits"] = json!(snapshot.exits);
    columns["completes"] = json!(snapshot.completes);
    columns
}

/// What is known of a configuration, by the columns that hold it. What has no size has no price.
pub(super) fn appraisal_columns(appraisal: &Appraisal) -> Value {
    let quote = &appraisal.quote;
    json!({
        "total_price_cents": quote.area_dm2.map(|_| quote.total_cents),
        "on_request": quote.on_request,
        "price_list_version": quote.price_list_version,
        "price_check": appraisal.check,
        "selections": appraisal.selections,
        "configuration_hash": appraisal.hash,
        "completion": quote.completion,
        "completion_incl_defaults": quote.completion_incl_defaults,
    })
}
