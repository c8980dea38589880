//! The audit log: append-only, each entry chained to the one before it.

use chrono::{DateTime, SubsecRound, Utc};
use futures::TryStreamExt;
use nest_haus_domain::accounts::{AuditEntry, FIRST_HASH, verify_chain};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgTransaction;

use crate::http::Actor;
use crate::platform::App;

/// Serialises writers of the log: an entry follows the one before it.
const ADVISORY_LOCK: i64 = 0x6e68_6175_6469_7401;

/// Puts what somebody did on record, in the transaction that does it.
pub async fn record(
    tx: &mut PgTransaction<'_>,
    actor: &Actor,
    (action, subject): (&str, &str),
    detail: &Value,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK).execute(&mut **tx).await?;
    let last = sqlx::query!("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut **tx)
        .await?;
    let previous = match &last {
        Some(last) => <[u8; 32]>::try_from(&last.hash[..])
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        None => FIRST_HASH,
    };
    let entry = AuditEntry {
        seq: last.map_or(0, |last| last.seq) + 1,
        at: now.trunc_subsecs(6),
        actor: actor.as_str().to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_string(),
    };
    sqlx::query!(
        "INSERT INTO audit_log (seq, at, actor, action, subject, detail, previous_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        entry.seq,
        entry.at,
        entry.actor,
        entry.action,
        entry.subject,
        entry.detail,
        &previous[..],
        &entry.hash(&previous)[..],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a check of the log found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Entries in the log.
    pub entries: i64,
    /// The last entry's hash, in hexadecimal. Kept elsewhere, it shows later that the log was not
    /// cut short.
    pub last_hash: String,
    /// What is wrong; nothing where all is well.
    pub broken: Option<String>,
}

/// Checks the whole log.
pub async fn verify(app: &App) -> Result<AuditReport, sqlx::Error> {
    let mut rows = sqlx::query!(
        "SELECT seq, at, actor, action, subject, detail, previous_hash, hash
         FROM audit_log ORDER BY seq"
    )
    .fetch(&app.db);
    let (mut last, mut broken) = ((0, FIRST_HASH), None);
    while let Some(row) = rows.try_next().await? {
        let entry = AuditEntry {
            seq: row.seq,
            at: row.at,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        };
        match verify_chain(last, [(&entry, &row.previous_hash[..], &row.hash[..])]) {
            Ok(reached) => last = reached,
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    Ok(AuditReport { entries: last.0, last_hash: hex::encode(last.1), broken })
}
