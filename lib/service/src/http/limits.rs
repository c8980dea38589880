//! Bounds on what a request may carry, and on how often an address may ask.

use std::time::Duration;

use super::problem::Problem;
use crate::platform::App;

/// Largest request body, in bytes.
pub const BODY_BYTES_MAX: usize = 500_000;

/// Largest event, in bytes of its JSON.
pub const EVENT_BYTES_MAX: usize = 32_000;

/// Most events in a request.
pub const EVENTS_MAX: usize = 100;

/// Deepest nesting of a body's JSON.
pub const JSON_DEPTH_MAX: usize = 16;

/// Greatest number in a body's JSON, either way. Numbers close to the greatest of all cannot be read
/// back from where they are stored: PostgreSQL spells them out, and a reader that rounds goes beyond.
pub(super) const JSON_NUMBER_MAX: f64 = 1e300;

/// Length of the window that requests are counted in.
pub const RATE_WINDOW: Duration = Duration::from_mins(1);

/// Refuses a request of an address that asked too often.
pub(super) async fn check_rate(app: &App, address_key: &str) -> Result<(), Problem> {
    check_limit(app, &rate_key(app, address_key), app.config.rate_limit_per_minute).await
}

/// Refuses what was done too often in the last minute, counted under a key; 0 is no limit. While
/// Redis is down nobody is refused: limits protect the system, and reads then fall on PostgreSQL,
/// which has its own bounds.
pub async fn check_limit(app: &App, key: &str, limit: u32) -> Result<(), Problem> {
    check_limit_of(app, key, limit, RATE_WINDOW).await
}

/// The same for a window of any length.
pub async fn check_limit_of(
    app: &App,
    key: &str,
    limit: u32,
    window: Duration,
) -> Result<(), Problem> {
    if limit == 0 {
        return Ok(());
    }
    let script = redis::Script::new(include_str!("rate_limit.lua"));
    let mut call = script.key(key);
    call.arg(limit).arg(window.as_secs());
    match app.redis.invoke_twice::<i64>("rate_limit", &call).await {
        Ok(0) => Ok(()),
        Ok(seconds) => Err(Problem::too_many(Duration::from_secs(seconds.max(1).cast_unsigned()))),
        Err(failure) => {
            tracing::warn!(error = ?failure, "limit not checked");
            Ok(())
        }
    }
}

/// The key that counts the requests of an address.
#[must_use]
pub fn rate_key(app: &App, address_key: &str) -> String {
    app.redis.key(&format!("rl:{address_key}"))
}
