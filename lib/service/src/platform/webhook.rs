//! The webhook that alerts are posted to. What goes wrong is told without its address, which is a secret.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

use super::config::AlertConfig;
use super::measure::running_trace;
use super::outbound::Outbound;

/// Time that the other side gets for a message.
const POST_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a message was not posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailure {
    /// There is nowhere to post it.
    #[error("no webhook is configured")]
    NotConfigured,
    /// The other side will not take it, however often it is asked.
    #[error("the webhook answered {0}")]
    Refused(u16),
    /// The other side did not take it now.
    #[error("the webhook answered {0}")]
    Busy(u16),
    /// There was no answer.
    #[error("the webhook: {0}")]
    Unreachable(&'static str),
}

/// Posts messages; makes its client when it is first used.
pub struct Webhook {
    url: Option<SecretString>,
    outbound: Outbound,
}

impl Webhook {
    pub(super) fn new(config: &AlertConfig) -> Self {
        Self { url: config.webhook_url.clone(), outbound: Outbound::new(POST_TIMEOUT) }
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.url.is_some()
    }

    /// Posts a message. When this returns without a failure, the other side has it. The id is told along
    /// as `Idempotency-Key`, for those that leave out what they have, and the trace of the request that it
    /// is posted in as `traceparent`.
    pub async fn post(&self, id: Uuid, message: &Value) -> Result<(), WebhookFailure> {
        let url = self.url.as_ref().ok_or(WebhookFailure::NotConfigured)?;
        let no_client = WebhookFailure::Unreachable("there is no client for it");
        let client = self.outbound.client().ok_or(no_client)?;
        let mut request =
            client.post(url.expose_secret()).header("idempotency-key", id.to_string());
        if let Some(trace) = running_trace() {
            request = request.header("traceparent", trace.to_string());
        }
        let answer = request.json(message).send().await.map_err(|error| {
            WebhookFailure::Unreachable(if error.is_timeout() {
                "it takes too long"
            } else {
                "it cannot be reached"
            })
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if is_passing(status) => Err(WebhookFailure::Busy(status.as_u16())),
            status => Err(WebhookFailure::Refused(status.as_u16())),
        }
    }
}

/// Whether the same message may be taken later.
fn is_passing(status: StatusCode) -> bool {
    let asks_again =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    status.is_server_error() || asks_again.contains(&status)
}
