//! Dead letters: what the database could not take, listed and sent again.

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Entry, Event, Kind, RequestContext};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{self, Origin};
use crate::platform::{App, begin};

/// Where an event was found to be one that cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// On arrival; its client was told.
    Rejected,
    /// At the database, after it was accepted.
    Dead,
}

impl Stage {
    /// Its name in the database and in answers.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Dead => "dead",
        }
    }
}

/// An event, or a whole damaged entry, that is not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its own id, for `replay`.
    pub id: Uuid,
    /// `rejected` on arrival or `dead` at the database.
    pub stage: String,
    /// The stream.
    pub queue: String,
    /// Events that it stands for.
    pub events: i32,
    /// The session as sent.
    pub session_id: Option<String>,
    /// Reason: a stable code, or the SQLSTATE.
    pub code: String,
    /// The field at fault.
    pub field: String,
    /// What is wrong.
    pub detail: String,
    /// When the request arrived.
    pub received_at: DateTime<Utc>,
    /// When it was found.
    pub created_at: DateTime<Utc>,
}

/// Where a list of dead letters goes on: when the last one was made, and its id.
pub type Place = (DateTime<Utc>, Uuid);

/// Dead letters that were not replayed, refused events included, newest first: those of a stage, or of
/// both, after a place in that order, or from the newest.
pub async fn list(
    app: &App,
    stage: Option<Stage>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let (after_at, after_id) = after.unzip();
    sqlx::query_as!(
        DeadLetter,
        r#"SELECT id, stage::text AS "stage!", queue, events, session_id, code, field, detail,
            received_at, created_at
         FROM dead_letters
         WHERE replayed_at IS NULL AND ($1::text IS NULL OR stage = $1::text::dead_letter_stage)
            AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
         ORDER BY created_at DESC, id DESC LIMIT $4"#,
        stage.map(Stage::as_str),
        after_at,
        after_id,
        limit
    )
    .fetch_all(&app.db)
    .await
}

/// Dead letters that have one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterReason {
    /// `rejected` on arrival or `dead` at the database.
    pub stage: String,
    /// The stream.
    pub queue: String,
    /// Reason: a stable code, or the SQLSTATE.
    pub code: String,
    /// The field at fault.
    pub field: String,
    /// Dead letters that were not replayed.
    pub letters: i64,
    /// Events that they stand for.
    pub events: i64,
    /// When the first of them was made.
    pub first_at: DateTime<Utc>,
    /// When the last of them was made.
    pub last_at: DateTime<Utc>,
}

/// Why there are dead letters that were not replayed: what is dead first, then by most events.
pub async fn reasons(app: &App) -> Result<Vec<DeadLetterReason>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetterReason,
        r#"SELECT stage::text AS "stage!", queue, code, field, count(*) AS "letters!",
            sum(events) AS "events!", min(created_at) AS "first_at!", max(created_at) AS "last_at!"
         FROM dead_letters WHERE replayed_at IS NULL
         GROUP BY stage, queue, code, field
         ORDER BY stage DESC, sum(events) DESC, queue, code, field"#
    )
    .fetch_all(&app.db)
    .await
}

/// What became of a replay.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// Dead letters looked at.
    pub tried: u64,
    /// Dead letters whose events are stored now.
    pub stored: u64,
    /// Dead letters that the database still refuses or that cannot be decoded.
    pub still_dead: u64,
    /// Dead letters that the time did not suffice for.
    pub left: u64,
}

/// Sends dead letters again, as far as the time goes: one, or all that are dead. Refused events are not
/// sent again, since the refusal was told to their client.
pub async fn replay(
    app: &App,
    id: Option<Uuid>,
    until: Option<Instant>,
) -> Result<Replay, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM dead_letters
         WHERE stage = 'dead' AND replayed_at IS NULL AND ($1::uuid IS NULL OR id = $1)
         ORDER BY created_at, id",
        id
    )
    .fetch_all(&app.db)
    .await?;
    let mut replay = Replay::default();
    for id in ids {
        if until.is_some_and(|until| Instant::now() >= until) {
            replay.left += 1;
            continue;
        }
        replay.tried += 1;
        if replay_one(app, id).await? {
            replay.stored += 1;
        } else {
            replay.still_dead += 1;
        }
    }
    Ok(replay)
}

/// Stores what a dead letter holds and marks it, in one transaction; false if it stays dead.
async fn replay_one(app: &App, id: Uuid) -> Result<bool, sqlx::Error> {
    let mut tx = begin(&app.db).await?;
    let Some(letter) = sqlx::query!(
        "SELECT queue, payload, received_at, event_index, events FROM dead_letters
         WHERE id = $1 AND replayed_at IS NULL FOR UPDATE SKIP LOCKED",
        id
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(false);
    };
    let whole_entry = letter.event_index < 0;
    let entry = if whole_entry {
        serde_json::from_str::<Entry>(&letter.payload).ok()
    } else {
        serde_json::from_str::<Event>(&letter.payload)
            .ok()
            .and_then(|event| entry_around(event, &letter.queue, letter.received_at))
    };
    let Some(entry) = entry else { return Ok(false) };
    let origin = if whole_entry { Origin::Arrival } else { Origin::DeadLetter };
    let outcome = store::store(app, &mut tx, vec![entry], origin).await?;
    if outcome.dead > 0 {
        return Ok(false);
    }
    sqlx::query!("UPDATE dead_letters SET replayed_at = now() WHERE id = $1", id)
        .execute(&mut *tx)
        .await?;
    if whole_entry {
        store::move_damaged_count(&mut tx, i64::from(letter.events)).await?;
    }
    tx.commit().await?;
    Ok(true)
}

fn entry_around(event: Event, queue: &str, received_at: DateTime<Utc>) -> Option<Entry> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == queue)?;
    Some(Entry {
        id: Uuid::now_v7(),
        kind,
        received_at,
        context: RequestContext::default(),
        claims: std::collections::BTreeMap::default(),
        events: vec![event],
        rejections: Vec::new(),
        repeated: Vec::new(),
        sequences: Vec::new(),
    })
}

/// Events that the database refused and that were not replayed.
pub async fn open_dead_events(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(events), 0)::bigint AS "events!" FROM dead_letters
         WHERE stage = 'dead' AND replayed_at IS NULL"#
    )
    .fetch_one(db)
    .await
}
