//! What changed from one snapshot of a session to the next: a projection, kept right whatever order
//! snapshots arrive in. A snapshot that comes late changes its own row and that of its successor.

use nest_haus_domain::configurator::Selections;
use serde_json::{Value, json};
use sqlx::PgTransaction;

use super::events::{Placed, Table, timestamp};

/// Projects new snapshots. Their sessions are locked by the caller.
pub(super) async fn project_changes(
    tx: &mut PgTransaction<'_>,
    new: &[Placed<'_>],
) -> Result<(), sqlx::Error> {
    let snapshots =
        new.iter().filter(|placed| Table::of(&placed.event.payload) == Table::Snapshots);
    let rows: Vec<Value> = snapshots.map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = Value::from(rows).to_string();
    sqlx::query!(
        "INSERT INTO configuration_changes (session_key, occurred_at, seq, event_id, event_time)
         SELECT session_key, occurred_at, seq, event_id, event_time
         FROM json_populate_recordset(NULL::configuration_changes, $1::text::json)
         ON CONFLICT DO NOTHING",
        rows
    )
    .execute(&mut **tx)
    .await?;
    let changed = changed_rows(tx, &rows).await?;
    sqlx::query!(
        "UPDATE configuration_changes AS kept
         SET changes = new.changes, price_change_cents = new.price_change_cents
         FROM json_populate_recordset(NULL::configuration_changes, $1::text::json) AS new
         WHERE (kept.session_key, kept.occurred_at, kept.seq, kept.event_id)
            = (new.session_key, new.occurred_at, new.seq, new.event_id)",
        Value::from(changed).to_string()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn row(placed: &Placed<'_>) -> Value {
    json!({
        "session_key": placed.session_key,
        "occurred_at": placed.event.occurred_at,
        "seq": placed.event.seq.map_or(0, i64::from),
        "event_id": placed.event.id,
        "event_time": timestamp(placed.event.id.time()),
    })
}

/// The rows of some snapshots and of those that follow them, with what changed in them now.
async fn changed_rows(tx: &mut PgTransaction<'_>, rows: &str) -> Result<Vec<Value>, sqlx::Error> {
    let found = sqlx::query!(
        r#"WITH new AS (
            SELECT session_key, occurred_at, seq, event_id, event_time
            FROM json_populate_recordset(NULL::configuration_changes, $1::text::json)
         ), changed AS (
            SELECT session_key, occurred_at, seq, event_id, event_time FROM new
            UNION
            SELECT next.session_key, next.occurred_at, next.seq, next.event_id, next.event_time
            FROM new CROSS JOIN LATERAL (
                SELECT * FROM configuration_changes AS c
                WHERE c.session_key = new.session_key AND (c.occurred_at, c.seq, c.event_id)
                    > (new.occurred_at, new.seq, new.event_id)
                ORDER BY c.occurred_at, c.seq, c.event_id LIMIT 1) AS next)
         SELECT changed.session_key AS "session_key!", changed.occurred_at AS "occurred_at!",
            changed.seq AS "seq!", changed.event_id AS "event_id!",
            own.selections, own.total_price_cents,
            before.selections AS "before_selections?",
            before.total_price_cents AS "before_total_price_cents?"
         FROM changed
         JOIN configuration_snapshots AS own
            ON (own.session_key, own.event_time, own.event_id)
            = (changed.session_key, changed.event_time, changed.event_id)
         LEFT JOIN LATERAL (
            SELECT session_key, event_time, event_id FROM configuration_changes AS c
            WHERE c.session_key = changed.session_key AND (c.occurred_at, c.seq, c.event_id)
                < (changed.occurred_at, changed.seq, changed.event_id)
            ORDER BY c.occurred_at DESC, c.seq DESC, c.event_id DESC LIMIT 1) AS previous ON true
         LEFT JOIN configuration_snapshots AS before
            ON (before.session_key, before.event_time, before.event_id)
            = (previous.session_key, previous.event_time, previous.event_id)"#,
        rows
    )
    .fetch_all(&mut **tx)
    .await?;
    let changes = found.into_iter().map(|row| {
        let before = selections(row.before_selections)?;
        let price_change = row
            .total_price_cents
            .zip(row.before_total_price_cents)
            .map(|(own, before)| own - before);
        Ok(json!({
            "session_key": row.session_key,
            "occurred_at": row.occurred_at,
            "seq": row.seq,
            "event_id": row.event_id,
            "changes": before.changes_to(&selections(row.selections)?),
            "price_change_cents": price_change,
        }))
    });
    changes.collect()
}

/// Stored selections; none where a snapshot was stored before there was a catalogue.
fn selections(stored: Option<Value>) -> Result<Selections, sqlx::Error> {
    let Some(stored) = stored else { return Ok(Selections::default()) };
    serde_json::from_value(stored).map_err(|error| sqlx::Error::Decode(error.into()))
}
