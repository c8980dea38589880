//! Rows of interactions, which are most of all events: by columns, which the database reads several
//! times as fast as rows of JSON.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Interaction, Payload, TabId};
use serde_json::Value;
use sqlx::PgTransaction;
use uuid::Uuid;

use super::events::{FoundRow, Placed};

/// The columns of some rows.
#[derive(Default)]
struct Columns<'a> {
    session_key: Vec<Uuid>,
    event_time: Vec<DateTime<Utc>>,
    event_id: Vec<Uuid>,
    occurred_at: Vec<DateTime<Utc>>,
    received_at: Vec<DateTime<Utc>>,
    entry_id: Vec<Uuid>,
    seq: Vec<Option<i64>>,
    time_spent_ms: Vec<Option<i64>>,
    total_price_cents: Vec<Option<i64>>,
    price_change_cents: Vec<Option<i64>>,
    viewport_width: Vec<Option<i32>>,
    viewport_height: Vec<Option<i32>>,
    id_source: Vec<&'a str>,
    late: Vec<bool>,
    interactive: Vec<bool>,
    tab_id: Vec<Option<&'a str>>,
    event_type: Vec<&'a str>,
    category: Vec<&'a str>,
    element_id: Vec<Option<&'a str>>,
    selection_value: Vec<Option<&'a str>>,
    previous_value: Vec<Option<&'a str>>,
    device_type: Vec<Option<&'a str>>,
    additional_data: Vec<Option<&'a Value>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &[Placed<'a>]) -> Self {
        let mut columns = Self::default();
        for placed in rows {
            if let Payload::Interaction(interaction) = &placed.event.payload {
                columns.push_envelope(placed);
                columns.push_interaction(interaction);
            }
        }
        columns
    }

    fn push_envelope(&mut self, placed: &Placed<'a>) {
        let Placed { entry, event, session_key } = placed;
        self.session_key.push(session_key.as_uuid());
        self.event_time.push(event.id.time());
        self.event_id.push(event.id.as_uuid());
        self.occurred_at.push(event.occurred_at);
        self.received_at.push(entry.received_at);
        self.entry_id.push(entry.id);
        self.seq.push(event.seq.map(i64::from));
        self.id_source.push(event.id_source.as_str());
        self.late.push(event.late);
        self.tab_id.push(event.tab_id.as_ref().map(TabId::as_str));
    }

    fn push_interaction(&mut self, interaction: &'a Interaction) {
        let device = interaction.device.as_ref();
        self.time_spent_ms.push(interaction.time_spent_ms);
        self.total_price_cents.push(interaction.total_price_cents);
        self.price_change_cents.push(interaction.price_change_cents);
        self.viewport_width.push(device.and_then(|device| device.width));
        self.viewport_height.push(device.and_then(|device| device.height));
        self.interactive.push(interaction.interactive);
        self.event_type.push(&interaction.event_type);
        self.category.push(&interaction.category);
        self.element_id.push(interaction.element_id.as_deref());
        self.selection_value.push(interaction.selection_value.as_deref());
        self.previous_value.push(interaction.previous_value.as_deref());
        self.device_type.push(device.and_then(|device| device.kind.as_deref()));
        self.additional_data.push(interaction.additional_data.as_ref());
    }
}

/// Inserts rows and answers which were new and which had come from the same entries before.
pub(super) async fn insert_interactions(
    tx: &mut PgTransaction<'_>,
    rows: &[Placed<'_>],
) -> Result<Vec<FoundRow>, sqlx::Error> {
    let mut found = insert(tx, &Columns::of(rows)).await?;
    if found.len() < rows.len() {
        let new: HashSet<_> = found.iter().map(|row| (row.session_key, row.event_id)).collect();
        let is_new = |placed: &&Placed<'_>| {
            new.contains(&(Some(placed.session_key.as_uuid()), placed.event.id.as_uuid()))
        };
        let known: Vec<_> = rows.iter().filter(|placed| !is_new(placed)).copied().collect();
        found.extend(of_same_entries(tx, &Columns::of(&known)).await?);
    }
    Ok(found)
}

async fn insert(
    tx: &mut PgTransaction<'_>,
    columns: &Columns<'_>,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"INSERT INTO interaction_events (
            session_key, event_time, event_id, occurred_at, received_at,
            entry_id, seq, time_spent_ms, total_price_cents,
            price_change_cents, viewport_width, viewport_height, id_source,
            late, interactive, tab_id, event_type, category, element_id,
            selection_value, previous_value, device_type, additional_data)
         SELECT
            session_key, event_time, event_id, occurred_at, received_at,
            entry_id, seq, time_spent_ms, total_price_cents,
            price_change_cents, viewport_width, viewport_height, id_source::id_source,
            late, interactive, tab_id, event_type, category, element_id,
            selection_value, previous_value, device_type, additional_data
         FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::timestamptz[],
            $5::timestamptz[], $6::uuid[], $7::bigint[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::integer[], $12::integer[], $13::text[], $14::boolean[],
            $15::boolean[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
            $21::text[], $22::text[], $23::jsonb[]) AS rows (
            session_key, event_time, event_id, occurred_at, received_at,
            entry_id, seq, time_spent_ms, total_price_cents,
            price_change_cents, viewport_width, viewport_height, id_source,
            late, interactive, tab_id, event_type, category, element_id,
            selection_value, previous_value, device_type, additional_data)
         ON CONFLICT DO NOTHING
         RETURNING session_key AS "session_key?", event_id, true AS "is_new!""#,
        &columns.session_key,
        &columns.event_time,
        &columns.event_id,
        &columns.occurred_at,
        &columns.received_at,
        &columns.entry_id,
        &columns.seq as &[Option<i64>],
        &columns.time_spent_ms as &[Option<i64>],
        &columns.total_price_cents as &[Option<i64>],
        &columns.price_change_cents as &[Option<i64>],
        &columns.viewport_width as &[Option<i32>],
        &columns.viewport_height as &[Option<i32>],
        &columns.id_source as &[&str],
        &columns.late,
        &columns.interactive,
        &columns.tab_id as &[Option<&str>],
        &columns.event_type as &[&str],
        &columns.category as &[&str],
        &columns.element_id as &[Option<&str>],
        &columns.selection_value as &[Option<&str>],
        &columns.previous_value as &[Option<&str>],
        &columns.device_type as &[Option<&str>],
        &columns.additional_data as &[Option<&Value>],
    )
    .fetch_all(&mut **tx)
    .await
}

/// Of rows that are stored already, those that were stored from the very same entries.
async fn of_same_entries(
    tx: &mut PgTransaction<'_>,
    columns: &Columns<'_>,
) -> Result<Vec<FoundRow>, sqlx::Error> {
    sqlx::query_as!(
        FoundRow,
        r#"SELECT stored.session_key AS "session_key?", stored.event_id, false AS "is_new!"
         FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[])
            AS rows (session_key, event_time, event_id, entry_id)
         JOIN interaction_events AS stored USING (session_key, event_time, event_id)
         WHERE stored.entry_id = rows.entry_id"#,
        &columns.session_key,
        &columns.event_time,
        &columns.event_id,
        &columns.entry_id,
    )
    .fetch_all(&mut **tx)
    .await
}
