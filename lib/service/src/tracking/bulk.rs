//! Entries of the past into the database, without HTTP and without the queue: for large databases
//! and demonstrations. Everything else is as with the drain, whose storage this uses.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Entry, Payload, SessionFact, SessionId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::accept::refuse_without_consent;
use super::store::{self, Origin};
use crate::platform::{App, begin_bounded};

/// A batch has this long. Nobody waits for it.
const STATEMENT_TIME: Duration = Duration::from_mins(5);

/// Names what was stored in bulk among what was stored without the queue.
const SOURCE: &str = "bulk";

/// What became of the events of some entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BulkReport {
    /// Events transmitted.
    pub received: i64,
    /// Events stored.
    pub stored: i64,
    /// Events refused for want of consent.
    pub rejected: i64,
    /// Events that were stored before.
    pub duplicate: i64,
    /// Events that the database could not take.
    pub dead: i64,
}

/// Money that came in for an order.
#[derive(Debug, Clone)]
pub struct CapturedPayment {
    /// The payment provider's reference.
    pub payment_id: String,
    /// The order.
    pub order_id: String,
    /// The session that it came from.
    pub session_id: SessionId,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
    /// Euro cents.
    pub amount_cents: i64,
}

/// Stores the entries of some sessions in one transaction. Those of one session must all be here, in
/// the order of their arrival: what they say about consent decides what of them is kept, as it does
/// when they arrive one by one.
pub async fn store_sessions(
    app: &App,
    sessions: Vec<Vec<Entry>>,
) -> Result<BulkReport, sqlx::Error> {
    let entries: Vec<Entry> = sessions.into_iter().flat_map(with_consent).collect();
    let received: usize = entries.iter().map(Entry::received).sum();
    let mut tx = begin_bounded(&app.db, STATEMENT_TIME).await?;
    sqlx::query!(
        "INSERT INTO direct_entries (entry_id, queue, received) VALUES ($1, $2, $3)",
        Uuid::now_v7(),
        SOURCE,
        i64::try_from(received).unwrap_or(i64::MAX),
    )
    .execute(&mut *tx)
    .await?;
    let outcome = store::store(app, &mut tx, entries, Origin::Arrival).await?;
    tx.commit().await?;
    Ok(BulkReport {
        received: outcome.received,
        stored: outcome.stored,
        rejected: outcome.rejected,
        duplicate: outcome.duplicate,
        dead: outcome.dead,
    })
}

/// Applies to a session's entries what the session says about consent.
fn with_consent(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut consent: BTreeMap<SessionId, bool> = BTreeMap::new();
    for entry in &mut entries {
        if entry.kind.needs_consent() {
            let refused = consent.iter().filter(|(_, agreed)| !**agreed);
            let codes = refused.map(|(id, _)| (id.clone(), "consent_denied".to_owned())).collect();
            refuse_without_consent(entry, &codes);
        }
        for event in &entry.events {
            if let (Some(id), Payload::Fact(SessionFact::Consent(said))) =
                (&event.session_id, &event.payload)
            {
                consent.insert(id.clone(), said.analytics);
            }
        }
        store::forget_visitor_ids(entry, |id| consent.get(id) == Some(&true));
    }
    entries
}

/// Stores payments; those that are known stay as they are.
pub async fn store_payments(
    app: &App,
    payments: &[CapturedPayment],
    recorded_by: &str,
) -> Result<(), sqlx::Error> {
    let rows = payments.iter().map(|payment| {
        json!({
            "payment_id": payment.payment_id,
            "order_id": payment.order_id,
            "session_key": payment.session_id.key(),
            "paid_at": payment.paid_at,
            "amount_cents": payment.amount_cents,
        })
    });
    sqlx::query!(
        "INSERT INTO payments (payment_id, kind, order_id, session_key, paid_at, amount_cents,
            currency, eur_cents, recorded_at, recorded_by)
         SELECT payment_id, 'captured', order_id, session_key, paid_at, amount_cents,
            'EUR', amount_cents, paid_at, $2
         FROM json_populate_recordset(NULL::payments, $1::text::json)
         ON CONFLICT DO NOTHING",
        rows.collect::<Value>().to_string(),
        recorded_by,
    )
    .execute(&app.db)
    .await?;
    Ok(())
}

/// Marks sessions whose ids begin so as those of the maker's own people.
pub async fn mark_internal(
    app: &App,
    session_id_prefix: &str,
    recorded_by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO internal_rules (id, field, contains, created_at, created_by)
         SELECT $1, 'session_id', $2, $3, $4 WHERE NOT EXISTS (
            SELECT FROM internal_rules WHERE field = 'session_id' AND contains = $2)",
        Uuid::now_v7(),
        session_id_prefix,
        app.clock.now(),
        recorded_by,
    )
    .execute(&app.db)
    .await?;
    Ok(())
}

/// Lets the database take stock of what was stored, as it would by itself in time: its plans follow
/// from that.
pub async fn take_stock(app: &App) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM (ANALYZE)").execute(&app.db).await?;
    Ok(())
}
