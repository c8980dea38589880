//! The outbox for administrators, and a message to try whether messages arrive.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::content::Message;
use super::outbox::{Keyed, WEBHOOK, WEBHOOK_LANGUAGE, queue};
use crate::accounts::{May, ReadAnalytics, WriteAlerts, record};
use crate::http::{Body, Context, FieldError, Only, Problem, ProblemDocument, read};
use crate::platform::begin;

/// States of a message.
const STATES: [&str; 4] = ["queued", "sent", "failed", "withdrawn"];

/// Most messages of a page.
const LIMIT_MAX: i64 = 200;

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// `queued`, `sent`, `failed` or `withdrawn`; all where it is left out.
    state: Option<String>,
    /// Most messages, 1 to 200; 50 where it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Only messages made before this one.
    before: Option<Uuid>,
}

/// Messages on their way, and those that arrived or did not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// Always true.
    success: bool,
    /// The messages, the latest first.
    notifications: Vec<NotificationView>,
    /// What to give as `before` for the next page; nothing where this is the last.
    next: Option<Uuid>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NotificationView {
    /// Names the message; a mail's `Message-ID` begins with it.
    id: Uuid,
    /// What it is about.
    kind: String,
    /// `mail` or `webhook`.
    channel: String,
    /// The account's address, or the name of the webhook.
    recipient: String,
    /// `queued`, `sent`, `failed` or `withdrawn`.
    state: String,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next, while it is queued.
    next_attempt_at: Option<DateTime<Utc>>,
    /// Why it was not taken last time.
    last_error: Option<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was taken.
    sent_at: Option<DateTime<Utc>>,
}

/// Messages on their way, and those that arrived or did not.
#[utoipa::path(
    get, path = "/api/admin/notifications", tag = "operations", params(OutboxQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The messages.", body = Outbox),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
    )
)]
pub async fn list_notifications(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<OutboxQuery>,
) -> Result<Json<Outbox>, Problem> {
    let limit = query.checked_limit()?;
    let notifications = sqlx::query_as!(
        NotificationView,
        r#"SELECT n.id, kind, channel, coalesce(u.email, recipient) AS "recipient!", state, attempts,
            CASE WHEN state = 'queued' THEN next_attempt_at END AS next_attempt_at, last_error,
            n.created_at, sent_at
         FROM notifications AS n
         LEFT JOIN admin_users AS u ON channel = 'mail' AND u.id::text = recipient
         WHERE ($1::text IS NULL OR state = $1)
            AND ($2::uuid IS NULL OR (n.created_at, n.id) <
                (SELECT created_at, id FROM notifications WHERE id = $2))
         ORDER BY n.created_at DESC, n.id DESC LIMIT $3"#,
        query.state,
        query.before,
        limit
    )
    .fetch_all(&cx.app.db)
    .await?;
    let is_full = i64::try_from(notifications.len()).is_ok_and(|listed| listed == limit);
    let next = notifications.last().filter(|_| is_full).map(|last| last.id);
    Ok(Json(Outbox { success: true, notifications, next }))
}

impl OutboxQuery {
    fn checked_limit(&self) -> Result<i64, Problem> {
        let mut errors = Vec::new();
        if self.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
            let message = format!("must be one of {}", STATES.join(", "));
            errors.push(FieldError::new("state", "invalid", message));
        }
        let limit = self.limit.unwrap_or(50);
        if !(1..=LIMIT_MAX).contains(&limit) {
            errors.push(FieldError::new("limit", "invalid", format!("must be 1 to {LIMIT_MAX}")));
        }
        if errors.is_empty() { Ok(limit) } else { Err(Problem::Invalid(errors)) }
    }
}

/// By which way to try.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TestChannel {
    /// To one's own address; needs a session.
    Mail,
    /// To the webhook.
    Webhook,
}

/// A message to try whether messages arrive.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestMessage {
    /// `mail`, to one's own address, or `webhook`.
    channel: TestChannel,
}

/// A message that was queued.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedTest {
    /// Always true.
    success: bool,
    /// Messages that were queued: 1.
    queued: u64,
}

/// Queues a message to oneself or to the webhook. The next run of `send-notifications` sends it; what
/// became of it shows `GET /api/admin/notifications`.
#[utoipa::path(
    post, path = "/api/admin/notifications/test", tag = "operations", request_body = TestMessage,
    security(("admin" = [])),
    responses(
        (status = 200, description = "Queued.", body = QueuedTest),
        (status = 422, description = "An API key has no address, or there is no webhook.", body = ProblemDocument),
        (status = 503, description = "There is no mail server.", body = ProblemDocument),
    )
)]
pub async fn test_notification(
    cx: Context,
    may: May<WriteAlerts>,
    Body(body): Body,
) -> Result<Json<QueuedTest>, Problem> {
    let test: TestMessage = read("", &body).map_err(Problem::field)?;
    let refused = |message: &str| Problem::field(FieldError::new("channel", "invalid", message));
    let mut tx = begin(&cx.app.db).await?;
    let (channel, recipient) = match test.channel {
        TestChannel::Webhook if cx.app.webhook.is_configured() => ("webhook", WEBHOOK.to_owned()),
        TestChannel::Webhook => return Err(refused("ALERT_WEBHOOK_URL is not configured")),
        TestChannel::Mail if !cx.app.mailer.is_configured() => {
            return Err(Problem::MailNotConfigured);
        }
        TestChannel::Mail => {
            let email = may.actor.as_str();
            let id = sqlx::query_scalar!("SELECT id FROM admin_users WHERE email = $1", email)
                .fetch_optional(&mut *tx)
                .await?;
            let id = id.ok_or_else(|| refused("an API key has no address; sign in"))?;
            ("mail", id.to_string())
        }
    };
    let key = format!("test:{}", Uuid::now_v7());
    let keyed = Keyed { kind: "test", key: &key, message: &Message::Test };
    let queued = queue(&mut tx, (channel, &recipient, WEBHOOK_LANGUAGE), &keyed, cx.now).await?;
    let detail = json!({"channel": test.channel});
    record(&mut tx, &may.actor, ("notifications.test", channel), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(Json(QueuedTest { success: true, queued }))
}
