//! Handing on what a process recorded: into a stream of its own, after an answer.
//!
//! Unlike events recordings are telemetry: the stream is cut at its oldest entries where nobody drains
//! it, and a process that ends without notice takes up to ten seconds of them along.

use chrono::{DateTime, Utc};

use crate::platform::{App, Flush, Redis};

/// Entries that the stream keeps, roughly; a process adds one every ten seconds at most.
const ENTRIES_MAX: usize = 10_000;

/// The stream.
pub(super) fn stream(redis: &Redis) -> String {
    redis.key("q:recordings")
}

/// Hands on what was recorded, by one command. Where Redis does not take it, it stays for the next time.
/// Spans go to their collector along with it, where there is one.
pub async fn flush(app: &App, now: DateTime<Utc>) {
    if let Some(flush) = app.recorder.next_flush(now) {
        append(app, &flush).await;
    }
    #[cfg(feature = "otlp")]
    app.spans.send().await;
}

async fn append(app: &App, flush: &Flush) {
    let data = match serde_json::to_string(flush) {
        Ok(data) => data,
        Err(error) => {
            tracing::error!(?error, "recordings cannot be encoded and are given up");
            return app.recorder.handed_on(flush.id);
        }
    };
    let mut add = redis::cmd("XADD");
    add.arg(stream(&app.redis)).arg("MAXLEN").arg("~").arg(ENTRIES_MAX);
    add.arg("*").arg("id").arg(flush.id.to_string()).arg("data").arg(data);
    match app.redis.query::<String>(&add).await {
        Ok(_place) => app.recorder.handed_on(flush.id),
        Err(error) => tracing::warn!(?error, "recordings stay in the process"),
    }
}
