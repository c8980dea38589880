//! Sends recorded traces to a running system, as the browser did.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use nest_haus::platform::Clock;
use nest_haus_synth::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::Failure;
use crate::sending::{Answers, System};

/// One recorded request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    #[serde(default)]
    t_ms: u64,
    /// When it arrived, where what it says about times follows from that.
    #[serde(default)]
    at: Option<DateTime<Utc>>,
    method: String,
    path: String,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

/// Sends a trace in its order, one request after the other, and prints how many got which answer.
/// A request that says when it arrived is sent as if it had been recorded now, its events where they
/// were. Fails if the system refused or failed anything that it serves.
pub(crate) async fn replay(file: &Path, base: &str, speed: f64) -> Result<ExitCode, Failure> {
    let trace =
        File::open(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let system = System::at(base, "nest-haus-replay")?;
    let progress =
        ProgressBar::no_length().with_style(ProgressStyle::with_template("{spinner} {pos} {msg}")?);
    let mut answers = Answers::default();
    let mut previous_ms = None;
    for (index, line) in BufReader::new(trace).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let recorded: Recorded =
            serde_json::from_str(&line).map_err(|error| format!("line {}: {error}", index + 1))?;
        let since = recorded.t_ms.saturating_sub(previous_ms.unwrap_or(recorded.t_ms));
        pause(since, speed).await;
        previous_ms = Some(recorded.t_ms);
        progress.set_message(recorded.path.clone());
        let content_type =
            recorded.content_type.clone().unwrap_or_else(|| "application/json".to_owned());
        let request = recorded.request(Clock::system().now());
        answers.note(&request, system.send(&request, &content_type).await?);
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(answers.report())
}

impl Recorded {
    fn request(self, now: DateTime<Utc>) -> Request {
        let Self { at, method, path, headers, body, .. } = self;
        Request { at: at.unwrap_or(now), method, path, headers, body }.moved_to(now)
    }
}

async fn pause(recorded_ms: u64, speed: f64) {
    if speed > 0.0 {
        tokio::time::sleep(Duration::from_millis(recorded_ms).div_f64(speed)).await;
    }
}
