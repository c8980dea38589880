//! Sending what is due: each message claimed, sent, marked.
//!
//! A sender that dies between sending and marking leaves its claim behind, and the message is sent again
//! when that has run out. A mail is then the same mail by its id, which mailboxes show once; a webhook
//! gets the same `Idempotency-Key`.

use std::time::{Duration, Instant};

use nest_haus_domain::notifications::Language;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{AlertMail, Message};
use super::outbox::{Attempt, Claimed, WEBHOOK_LANGUAGE, claim, mark};
use super::templates;
use crate::http::Problem;
use crate::operations::Run;
use crate::platform::{App, MailFailure, WebhookFailure};

/// Messages that are claimed at a time.
const BATCH: i64 = 10;

/// The longest that one message takes: what the webhook or the mail server gets, and marking it.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(12);

/// Less time than this is not worth claiming messages.
const BUDGET_MIN: Duration = Duration::from_secs(1);

/// What a run of the sender did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReport {
    /// Whether everything that was due was tried.
    pub complete: bool,
    /// Messages that were taken.
    pub sent: u64,
    /// Messages that were not taken and will be sent again.
    pub retried: u64,
    /// Messages that were given up.
    pub failed: u64,
    /// Messages to accounts that nobody may use any more.
    pub withdrawn: u64,
}

/// Sends messages that are due until there are none or the time is gone.
pub async fn send_notifications(run: Run) -> Result<DeliveryReport, Problem> {
    let begun = Instant::now();
    let mut report = DeliveryReport::default();
    // Messages are tried one after another, each in its time, so that a claim outlasts its batch.
    let lease = MESSAGE_TIME_MAX * u32::try_from(BATCH).unwrap_or(u32::MAX);
    while begun.elapsed() + BUDGET_MIN < run.budget {
        let messages = claim(&run.app.db, BATCH, lease, run.now).await?;
        if messages.is_empty() {
            report.complete = true;
            break;
        }
        for message in messages {
            let attempt = attempt(&run.app, &message, run.now).await;
            match mark(&run.app.db, &message, &attempt, run.now).await? {
                "sent" => report.sent += 1,
                "queued" => report.retried += 1,
                "withdrawn" => report.withdrawn += 1,
                _ => report.failed += 1,
            }
        }
    }
    Ok(report)
}

async fn attempt(app: &App, claimed: &Claimed, now: chrono::DateTime<chrono::Utc>) -> Attempt {
    let message = match serde_json::from_value::<Message>(claimed.payload.clone()) {
        Ok(message) => message,
        Err(error) => return Attempt::Refused(format!("the message cannot be read: {error}")),
    };
    let language = Language::of_name(&claimed.language).unwrap_or_default();
    let public_url = &app.config.mail.public_url;
    if claimed.channel == "webhook" {
        let post = templates::slack(&message, language, public_url);
        return app.webhook.post(claimed.id, &post).await.into();
    }
    let Some(email) = claimed.email.clone() else { return Attempt::Withdrawn };
    let mail = templates::mail((claimed.id, email), &message, language, public_url);
    app.mailer.send(mail, now).await.into()
}

impl From<Result<(), WebhookFailure>> for Attempt {
    fn from(posted: Result<(), WebhookFailure>) -> Self {
        match posted {
            Ok(()) => Self::Sent,
            Err(failure @ (WebhookFailure::Refused(_) | WebhookFailure::NotConfigured)) => {
                Self::Refused(failure.to_string())
            }
            Err(failure @ (WebhookFailure::Busy(_) | WebhookFailure::Unreachable(_))) => {
                Self::Failed(failure.to_string())
            }
        }
    }
}

impl From<Result<(), MailFailure>> for Attempt {
    fn from(sent: Result<(), MailFailure>) -> Self {
        match sent {
            Ok(()) => Self::Sent,
            Err(
                failure @ (MailFailure::Refused(_)
                | MailFailure::Address
                | MailFailure::NotConfigured),
            ) => Self::Refused(failure.to_string()),
            Err(failure @ (MailFailure::Server(_) | MailFailure::Folder(_))) => {
                Self::Failed(failure.to_string())
            }
        }
    }
}

/// Sends an alert at once and past the outbox, which is out of reach: to the webhook and to the addresses
/// of the configuration. Answers whether anybody has it now.
pub async fn send_directly(app: &App, alert: AlertMail, id: Uuid) -> bool {
    let (message, public_url) = (Message::Alert(alert), &app.config.mail.public_url);
    let mut is_told = false;
    if app.webhook.is_configured() {
        let post = templates::slack(&message, WEBHOOK_LANGUAGE, public_url);
        let posted = app.webhook.post(id, &post).await;
        is_told |= posted.inspect_err(|error| tracing::error!(%error, "alert not posted")).is_ok();
    }
    if app.mailer.is_configured() {
        for (place, email) in (0_u128..).zip(&app.config.alerts.mail_to) {
            let mail_id = Uuid::from_u128(id.as_u128().wrapping_add(place));
            let mail =
                templates::mail((mail_id, email.clone()), &message, WEBHOOK_LANGUAGE, public_url);
            let sent = app.mailer.send(mail, app.clock.now()).await;
            is_told |=
                sent.inspect_err(|error| tracing::error!(%error, "alert not mailed")).is_ok();
        }
    }
    is_told
}
