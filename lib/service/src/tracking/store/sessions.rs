//! Sessions: their facts, merged under a lock, and the rows that reports filter on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nest_haus_domain::configurator::PriceLists;
use nest_haus_domain::tracking::{Entry, Payload, Register, SessionFacts, SessionId, SessionKey};
use serde_json::{Value, json};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::decode_facts;
use super::events::{Placed, Table, appraisal_columns};
use crate::tracking::accept::facts_by_session;

/// Creates the rows of unknown sessions and locks all of them, in key order.
pub(super) async fn lock_sessions(
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

/// Folds new events into the facts of their sessions, and projects the sessions' rows.
pub(super) async fn project_sessions(
    tx: &mut PgTransaction<'_>,
    new: &[Placed<'_>],
    known: &mut HashMap<SessionKey, SessionFacts>,
    lists: &PriceLists,
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
            *counts.entry((placed.session_key, table)).or_default() += 1;
        }
    }
    let completion_max = completion_max(new, lists);
    let count = |key: SessionKey, table: Table| counts.get(&(key, table)).copied().unwrap_or(0);
    let mut facts_rows = Vec::with_capacity(ids.len());
    let mut session_rows = Vec::with_capacity(ids.len());
    for (key, session_id) in &ids {
        let Some(facts) = known.get_mut(key) else { continue };
        facts.forget_after_refusal();
        let mut row = session_row(session_id, facts, lists);
        row["completion_max"] = json!(completion_max.get(key));
        row["interaction_count"] = json!(count(*key, Table::Interactions));
        row["snapshot_count"] = json!(count(*key, Table::Snapshots));
        row["metric_count"] = json!(count(*key, Table::Metrics));
        facts_rows.push(json!({"session_key": key, "facts": facts}));
        session_rows.push(row);
    }
    write_sessions(tx, &Value::from(facts_rows).to_string(), &Value::from(session_rows).to_string())
        .await
}

/// The greatest completion among the new snapshots of each session.
fn completion_max(new: &[Placed<'_>], lists: &PriceLists) -> HashMap<SessionKey, f64> {
    let mut greatest = HashMap::new();
    for placed in new {
        let Payload::Snapshot(snapshot) = &placed.event.payload else { continue };
        let at = placed.event.occurred_at;
        let Some(appraisal) = lists.appraise(&snapshot.configuration, None, at) else { continue };
        let reached: &mut f64 = greatest.entry(placed.session_key).or_default();
        *reached = reached.max(appraisal.quote.completion);
    }
    greatest
}

/// The latest configuration, with what it costs by the list in force when it was seen.
fn configuration_columns(facts: &SessionFacts, lists: &PriceLists) -> Option<Value> {
    let at = facts.at(&Register::Configuration)?;
    let claimed = facts.claimed_price_cents();
    let appraisal = lists.appraise(facts.configuration()?, claimed, at);
    let mut columns = appraisal.as_ref().map_or_else(|| json!({}), appraisal_columns);
    columns["configured_at"] = json!(at);
    columns["claimed_price_cents"] = json!(claimed);
    Some(columns)
}

/// The columns of a session that follow from its facts.
fn session_row(session_id: &SessionId, facts: &SessionFacts, lists: &PriceLists) -> Value {
    let value = |register: Register| facts.value(&register).cloned().unwrap_or(Value::Null);
    let (consent, context, device) =
        (value(Register::Consent), value(Register::Context), value(Register::Device));
    let mut row = json!({
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
    });
    if let (Some(row), Some(Value::Object(columns))) =
        (row.as_object_mut(), configuration_columns(facts, lists))
    {
        row.extend(columns);
    }
    row
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
            configured_at, claimed_price_cents, total_price_cents, price_list_version, price_check,
            on_request, selections, configuration_hash, completion, completion_incl_defaults, completion_max,
            interaction_count, snapshot_count, metric_count,
            ohne_nest_mode, analytics_consent, marketing_consent, functional_consent,
            device_type, country, city, user_agent, referrer, visitor_id)
         SELECT
            session_key, session_id, status, started_at, last_activity_at, last_exit_at,
            first_selection_at, first_snapshot_at, first_cart_at, completed_at, converted_at,
            configured_at, claimed_price_cents, total_price_cents, price_list_version, price_check,
            on_request, selections, configuration_hash, completion, completion_incl_defaults, completion_max,
            interaction_count, snapshot_count, metric_count,
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
            configured_at = excluded.configured_at,
            claimed_price_cents = excluded.claimed_price_cents,
            total_price_cents = excluded.total_price_cents,
            price_list_version = excluded.price_list_version,
            price_check = excluded.price_check,
            on_request = excluded.on_request,
            selections = excluded.selections,
            configuration_hash = excluded.configuration_hash,
            completion = excluded.completion,
            completion_incl_defaults = excluded.completion_incl_defaults,
            completion_max = greatest(user_sessions.completion_max, excluded.completion_max),
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
