//! Requests to a running system, tried again while it cannot take them.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use nest_haus_synth::Request;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::Failure;

/// Tries of a request that the system could not take.
const TRIES: u32 = 5;

/// A running system.
#[derive(Clone)]
pub(crate) struct System {
    client: Client,
    base: String,
}

impl System {
    pub(crate) fn at(base: &str, user_agent: &str) -> Result<Self, Failure> {
        nest_haus::platform::choose_tls();
        let client = Client::builder()
            .cookie_store(true)
            .user_agent(user_agent)
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    /// Sends a request, and again after a pause where the system says that it is too busy or does
    /// not answer. Answers the status.
    pub(crate) async fn send(&self, request: &Request, content_type: &str) -> Result<u16, Failure> {
        let method = Method::from_bytes(request.method.as_bytes())?;
        let url = format!("{}{}", self.base, request.path);
        let body = match &request.body {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let mut tries = 1;
        loop {
            let mut attempt = self.client.request(method.clone(), &url);
            for (name, value) in &request.headers {
                attempt = attempt.header(name, value);
            }
            if let Some(body) = &body {
                attempt = attempt.header("content-type", content_type).body(body.clone());
            }
            let sent = attempt.send().await;
            let retry = match &sent {
                Ok(response) => matches!(response.status().as_u16(), 429 | 503),
                Err(error) => error.is_connect(),
            };
            if !retry || tries == TRIES {
                let response = sent.map_err(|error| {
                    format!("{url} cannot be reached: {error}; is the system running?")
                })?;
                return Ok(response.status().as_u16());
            }
            tokio::time::sleep(Duration::from_secs(u64::from(tries))).await;
            tries += 1;
        }
    }
}

/// How many requests got which answer.
#[derive(Default)]
pub(crate) struct Answers(BTreeMap<(String, u16), u64>);

impl Answers {
    pub(crate) fn note(&mut self, request: &Request, status: u16) {
        let path = request.path.split('?').next().unwrap_or_default();
        *self.0.entry((format!("{} {path}", request.method), status)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, others: Self) {
        for (answer, count) in others.0 {
            *self.0.entry(answer).or_default() += count;
        }
    }

    /// Prints the answers. An endpoint that the system does not have is no failure.
    pub(crate) fn report(&self) -> ExitCode {
        for ((request, status), count) in &self.0 {
            let note = if *status == 404 { "  (not served here)" } else { "" };
            eprintln!("{count:5} × {status}  {request}{note}");
        }
        let failed = self.0.keys().any(|(_, status)| *status >= 400 && *status != 404);
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
