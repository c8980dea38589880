//! Failures of ours, told to Sentry: what failed, where and when, by our own words and codes alone. No
//! request, no address, no user, no host, and no text that another program wrote: whatever that says is in
//! the log, under the request's id.

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::TraceContext;
use reqwest::Client;
use secrecy::ExposeSecret;
use sentry_types::Dsn;
use sentry_types::protocol::latest::{Envelope, Event, Exception};
use sentry_types::protocol::latest::{SpanId, TraceContext as Trace, TraceId, Values};

use super::config::{Config, ConfigError, Environment};
use super::outbound::Outbound;

/// Time that Sentry gets for an event.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Events that wait to be sent; further ones are left out.
const WAITING_MAX: usize = 20;

/// The same failure of the same endpoint is told once in this time, by a process.
const ONCE_IN: TimeDelta = TimeDelta::minutes(1);

/// A failure of ours.
pub struct Failure {
    /// The stable code of the problem.
    pub code: &'static str,
    /// What went wrong, in our own words.
    pub sentence: String,
    /// Why, by codes and places in the source.
    pub cause: Option<String>,
    /// Method and path pattern.
    pub endpoint: String,
    /// The request, as logs name it.
    pub request_id: String,
    /// Its trace.
    pub trace: TraceContext,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Tells failures to Sentry, after answers.
pub struct Sentry {
    dsn: Option<Dsn>,
    release: String,
    environment: &'static str,
    state: Mutex<State>,
    outbound: Outbound,
}

#[derive(Default)]
struct State {
    waiting: Vec<Event<'static>>,
    told_at: HashMap<(String, &'static str, Option<String>), DateTime<Utc>>,
}

impl Sentry {
    /// Reads the address. A wrong one is named in the log and stops nothing.
    pub(super) fn new(config: &Config) -> Self {
        let dsn = config.sentry_dsn.as_ref().map(|dsn| parse(dsn.expose_secret(), config));
        Self {
            dsn: dsn
                .transpose()
                .inspect_err(|error| tracing::error!(%error, "no errors to Sentry"))
                .ok()
                .flatten(),
            release: config.release.clone(),
            environment: config.environment.as_str(),
            state: Mutex::default(),
            outbound: Outbound::new(SEND_TIMEOUT),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether failures are told at all.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.dsn.is_some()
    }

    /// Notes a failure, to be sent after the answer.
    pub fn note(&self, failure: Failure) {
        if !self.is_configured() {
            return;
        }
        let mut state = self.state();
        state.told_at.retain(|_, told_at| failure.at - *told_at < ONCE_IN);
        let same = (failure.endpoint.clone(), failure.code, failure.cause.clone());
        if state.waiting.len() < WAITING_MAX && state.told_at.insert(same, failure.at).is_none() {
            state.waiting.push(self.event(failure));
        }
    }

    /// Whether there is something to send.
    pub fn has_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    fn event(&self, failure: Failure) -> Event<'static> {
        let Failure { code, sentence, cause, endpoint, request_id, trace, at } = failure;
        let fingerprint = [Some(endpoint.clone()), Some(code.to_owned()), cause.clone()];
        let exception = Exception {
            ty: code.to_owned(),
            value: Some(
                cause.map_or_else(|| sentence.clone(), |cause| format!("{sentence}: {cause}")),
            ),
            ..Exception::default()
        };
        let context = Trace {
            trace_id: TraceId::from(trace.trace_id.0),
            span_id: SpanId::from(trace.span_id.0),
            ..Trace::default()
        };
        Event {
            fingerprint: fingerprint.into_iter().flatten().map(Cow::Owned).collect(),
            transaction: Some(endpoint),
            platform: Cow::Borrowed("rust"),
            timestamp: at.into(),
            release: Some(Cow::Owned(self.release.clone())),
            environment: Some(Cow::Borrowed(self.environment)),
            exception: Values { values: vec![exception] },
            tags: [("request_id".to_owned(), request_id)].into_iter().collect(),
            contexts: [("trace".to_owned(), context.into())].into_iter().collect(),
            ..Event::default()
        }
    }

    /// Sends what waits. What Sentry does not take is given up: the log has it.
    pub async fn send(&self) {
        let Some(dsn) = &self.dsn else { return };
        let events = take(&mut self.state().waiting);
        let Some(client) = self.outbound.client() else { return };
        let sends = events.into_iter().map(|event| send(client, dsn, event));
        for sent in futures::future::join_all(sends).await {
            if let Err(error) = sent {
                // The address names the project.
                tracing::warn!(error = %error.without_url(), "an error was not told to Sentry");
            }
        }
    }
}

/// Events name no secret, but they must not be changed on their way.
fn parse(dsn: &str, config: &Config) -> Result<Dsn, ConfigError> {
    let is_sealed = dsn.starts_with("https://") || config.environment == Environment::Local;
    dsn.parse().ok().filter(|_| is_sealed).ok_or(ConfigError::Invalid {
        variable: "SENTRY_DSN",
        allowed: "the address of a project, https://key@host/number",
    })
}

async fn send(client: &Client, dsn: &Dsn, event: Event<'static>) -> reqwest::Result<()> {
    let mut body = Vec::new();
    // Writing into memory does not fail.
    let _written = Envelope::from(event).to_writer(&mut body);
    let agent = concat!("nest-haus/", env!("CARGO_PKG_VERSION"));
    let request = client
        .post(dsn.envelope_api_url())
        .header("x-sentry-auth", dsn.to_auth(Some(agent)).to_string())
        .header("content-type", "application/x-sentry-envelope")
        .body(body);
    request.send().await?.error_for_status().map(|_answer| ())
}
