//! The outbox: messages on their way. A message is made in the transaction of what it tells of, so that
//! there is one exactly if that happened; it is claimed before it is sent, so that nobody else sends it
//! meanwhile.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::notifications::{Kind, Language, retry_at};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::content::{AlertMail, Message, ReportMail};
use super::subscriptions::{Subscriber, subscribers};
use crate::platform::App;

/// What the webhook is called; its address is a secret.
pub(super) const WEBHOOK: &str = "ALERT_WEBHOOK_URL";

/// The language of the webhook.
pub(super) const WEBHOOK_LANGUAGE: Language = Language::De;

/// A message of its kind, named by a key: of one key nobody gets two by the same way.
pub(super) struct Keyed<'a> {
    pub(super) kind: &'a str,
    pub(super) key: &'a str,
    pub(super) message: &'a Message,
}

/// Queues the message of an incident for everybody who subscribed and, when it begins, for the webhook;
/// answers how many messages are new. Inside the transaction of the incident.
pub async fn queue_alert(
    app: &App,
    db: &mut PgConnection,
    (kind, key): (Kind, &str),
    mail: AlertMail,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let message = Message::Alert(mail);
    let keyed = Keyed { kind: kind.as_str(), key, message: &message };
    let mut made = queue_for_subscribers(app, db, kind, &keyed, now).await?;
    if kind == Kind::Alert && app.webhook.is_configured() {
        made += queue(db, ("webhook", WEBHOOK, WEBHOOK_LANGUAGE), &keyed, now).await?;
    }
    Ok(made)
}

/// Queues a report for everybody who subscribed; answers how many messages are new. `key` names the
/// report: queueing it again changes nothing. Inside the transaction that stores the report.
pub async fn queue_report(
    app: &App,
    db: &mut PgConnection,
    (kind, key): (Kind, &str),
    mail: &ReportMail,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let message = Message::Report(mail.clone());
    let keyed = Keyed { kind: kind.as_str(), key, message: &message };
    queue_for_subscribers(app, db, kind, &keyed, now).await
}

/// Where there is no mail server nothing is queued: it would only be given up later.
async fn queue_for_subscribers(
    app: &App,
    db: &mut PgConnection,
    kind: Kind,
    keyed: &Keyed<'_>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    if !app.mailer.is_configured() {
        return Ok(0);
    }
    let mut made = 0;
    for Subscriber { user_id, language } in subscribers(db, kind).await? {
        made += queue(db, ("mail", &user_id.to_string(), language), keyed, now).await?;
    }
    Ok(made)
}

/// Queues one message, unless its recipient has or gets one of the same key.
pub(super) async fn queue(
    db: &mut PgConnection,
    (channel, recipient, language): (&str, &str, Language),
    keyed: &Keyed<'_>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let payload =
        serde_json::to_value(keyed.message).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let made = sqlx::query!(
        "INSERT INTO notifications
            (id, kind, channel, recipient, dedupe_key, language, payload, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         ON CONFLICT (dedupe_key, channel, recipient) DO NOTHING",
        Uuid::now_v7(),
        keyed.kind,
        channel,
        recipient,
        keyed.key,
        language.as_str(),
        payload,
        now,
    )
    .execute(db)
    .await?;
    Ok(made.rows_affected())
}

/// A message that is claimed.
pub(super) struct Claimed {
    pub(super) id: Uuid,
    pub(super) channel: String,
    pub(super) language: String,
    pub(super) payload: Value,
    /// This attempt included.
    pub(super) attempts: i32,
    pub(super) created_at: DateTime<Utc>,
    /// The address of an account that may be used.
    pub(super) email: Option<String>,
}

/// Claims messages that are due, the oldest first, for some time.
pub(super) async fn claim(
    db: &PgPool,
    messages: i64,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>, sqlx::Error> {
    let leased_until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::minutes(2));
    sqlx::query_as!(
        Claimed,
        r#"WITH due AS (
            SELECT id FROM notifications
            WHERE state = 'queued' AND next_attempt_at <= $1
                AND (leased_until IS NULL OR leased_until <= $1)
            ORDER BY next_attempt_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
         ), claimed AS (
            UPDATE notifications AS n SET leased_until = $3, attempts = attempts + 1
            FROM due WHERE n.id = due.id
            RETURNING n.id, channel, recipient, language, payload, attempts, n.created_at
         )
         SELECT claimed.id AS "id!", channel AS "channel!", language AS "language!", payload AS "payload!", attempts AS "attempts!",
            claimed.created_at AS "created_at!", email AS "email?"
         FROM claimed LEFT JOIN admin_users AS u ON channel = 'mail' AND u.id::text = recipient
            AND u.disabled_at IS NULL AND u.password_hash IS NOT NULL
         ORDER BY claimed.created_at, claimed.id"#,
        now,
        messages,
        leased_until,
    )
    .fetch_all(db)
    .await
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The other side has the message.
    Sent,
    /// It may be taken later.
    Failed(String),
    /// It never will be.
    Refused(String),
    /// There is nobody any more to send it to.
    Withdrawn,
}

/// Marks what became of a claimed message; answers its state. Whoever lost the claim meanwhile marks it
/// all the same: what was sent was sent.
pub(super) async fn mark(
    db: &PgPool,
    claimed: &Claimed,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Result<&'static str, sqlx::Error> {
    let attempts = u32::try_from(claimed.attempts).unwrap_or(u32::MAX);
    let (state, error, next) = match attempt {
        Attempt::Sent => ("sent", None, None),
        Attempt::Withdrawn => ("withdrawn", None, None),
        Attempt::Refused(error) => ("failed", Some(error), None),
        Attempt::Failed(error) => match retry_at(claimed.id, claimed.created_at, attempts, now) {
            Some(next) => ("queued", Some(error), Some(next)),
            None => ("failed", Some(error), None),
        },
    };
    sqlx::query!(
        "UPDATE notifications SET state = $2, leased_until = NULL,
            last_error = coalesce($3, last_error), next_attempt_at = coalesce($4, next_attempt_at),
            sent_at = CASE WHEN $2 = 'sent' THEN $5::timestamptz END,
            failed_at = CASE WHEN $2 = 'failed' THEN $5::timestamptz END
         WHERE id = $1 AND state = 'queued'",
        claimed.id,
        state,
        error,
        next,
        now,
    )
    .execute(db)
    .await?;
    Ok(state)
}

/// How many messages were given up since a moment.
pub async fn failed_since(db: &mut PgConnection, since: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "failed!" FROM notifications WHERE state = 'failed' AND failed_at >= $1"#,
        since
    )
    .fetch_one(db)
    .await
}
