//! Sends recorded traces to a running system, as the browser did.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::Value;

use crate::Failure;

/// Demonstration visits, in the form of a trace.
const DEMONSTRATION: &str = include_str!("demonstration.jsonl");

/// Tries of a request that the system could not take.
const TRIES: u32 = 5;

/// One recorded request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    #[serde(default)]
    t_ms: u64,
    method: String,
    path: String,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    body: Value,
}

/// Sends the demonstration visits.
pub(crate) async fn seed(base: &str) -> Result<ExitCode, Failure> {
    replay(DEMONSTRATION, base, 0.0).await
}

/// Sends a trace in its order, one request after the other, and prints how many got which answer.
/// Fails if the system refused or failed anything that it serves.
pub(crate) async fn replay(trace: &str, base: &str, speed: f64) -> Result<ExitCode, Failure> {
    nest_haus::platform::choose_tls();
    let requests = read(trace)?;
    let client = Client::builder()
        .cookie_store(true)
        .user_agent("nest-haus-replay")
        .timeout(Duration::from_secs(30))
        .build()?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?;
    let progress = ProgressBar::new(requests.len() as u64).with_style(style);
    let mut answers: BTreeMap<(String, u16), u64> = BTreeMap::new();
    let mut previous_ms = requests.first().map_or(0, |request| request.t_ms);
    for request in &requests {
        pause(request.t_ms.saturating_sub(previous_ms), speed).await;
        previous_ms = request.t_ms;
        let path = request.path.split('?').next().unwrap_or_default().to_owned();
        progress.set_message(path.clone());
        let status = send(&client, base, request).await?;
        *answers.entry((format!("{} {path}", request.method), status)).or_default() += 1;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(report(&answers))
}

fn read(trace: &str) -> Result<Vec<Recorded>, Failure> {
    let lines = trace.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line)
                .map_err(|error| format!("line {}: {error}", index + 1).into())
        })
        .collect()
}

async fn pause(recorded_ms: u64, speed: f64) {
    if speed > 0.0 {
        tokio::time::sleep(Duration::from_millis(recorded_ms).div_f64(speed)).await;
    }
}

async fn send(client: &Client, base: &str, recorded: &Recorded) -> Result<u16, Failure> {
    let method = Method::from_bytes(recorded.method.as_bytes())?;
    let url = format!("{}{}", base.trim_end_matches('/'), recorded.path);
    let body = match &recorded.body {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let mut tries = 1;
    loop {
        let mut request = client.request(method.clone(), &url);
        if let Some(body) = &body {
            let content_type = recorded.content_type.as_deref().unwrap_or("application/json");
            request = request.header("content-type", content_type).body(body.clone());
        }
        let sent = request.send().await;
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

/// Prints the answers. An endpoint that the system does not have is no failure of the replay.
fn report(answers: &BTreeMap<(String, u16), u64>) -> ExitCode {
    for ((request, status), count) in answers {
        let note = if *status == 404 { "  (not served here)" } else { "" };
        eprintln!("{count:5} × {status}  {request}{note}");
    }
    let failed = answers.keys().any(|(_, status)| *status >= 400 && *status != 404);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
