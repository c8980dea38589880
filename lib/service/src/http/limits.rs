//! Bounds on what a request may carry, and on how often an address may ask.

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use redis::Script;

use super::problem::Problem;
use crate::platform::App;

/// Each script's hash is taken once a process, not once a call.
static COUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("rate_limit.lua")));

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

/// How many requests are left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// What is limited: `address` or `session`.
    pub policy: &'static str,
    /// Requests that are allowed in a window.
    pub quota: u32,
    /// The length of a window.
    pub window: Duration,
    /// Requests that are left.
    pub remaining: u32,
    /// Time until they are counted anew.
    pub reset: Duration,
}

/// Tells a client what is left of its limits, by the fields `RateLimit-Policy` and `RateLimit` (IETF
/// draft-ietf-httpapi-ratelimit-headers-10).
pub fn add_limits(headers: &mut HeaderMap, limits: &[RateLimit]) {
    let policies = limits.iter().map(|limit| {
        format!("\"{}\";q={};w={}", limit.policy, limit.quota, limit.window.as_secs())
    });
    let left = limits.iter().map(|limit| {
        format!("\"{}\";r={};t={}", limit.policy, limit.remaining, limit.reset.as_secs())
    });
    let fields = [
        ("ratelimit-policy", policies.collect::<Vec<_>>().join(", ")),
        ("ratelimit", left.collect::<Vec<_>>().join(", ")),
    ];
    for (name, value) in fields {
        if let Some(value) = HeaderValue::from_str(&value).ok().filter(|value| !value.is_empty()) {
            headers.insert(name, value);
        }
    }
}

/// Counts a request of an address and answers what is left to it; refuses one that asked too often.
pub(super) async fn check_rate(app: &App, address_key: &str) -> Result<Option<RateLimit>, Problem> {
    let (key, quota) = (rate_key(app, address_key), app.config.rate_limit_per_minute);
    let Some((count, reset)) = count(app, &key, quota, RATE_WINDOW).await else { return Ok(None) };
    let remaining = quota.saturating_sub(count);
    let limit = RateLimit { policy: "address", quota, window: RATE_WINDOW, remaining, reset };
    if count > quota {
        return Err(Problem::TooMany { retry_after: reset, limit: Some(limit) });
    }
    Ok(Some(limit))
}

/// Refuses what was done too often in the last minute, counted under a key; 0 is no limit.
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
    match count(app, key, limit, window).await {
        Some((count, reset)) if count > limit => Err(Problem::too_many(reset)),
        _ => Ok(()),
    }
}

/// Counts under a key: how often, and the time until it is counted anew. Nothing where there is no limit
/// and while Redis is down: limits protect the system, and reads then fall on PostgreSQL, which has its
/// own bounds.
async fn count(app: &App, key: &str, limit: u32, window: Duration) -> Option<(u32, Duration)> {
    if limit == 0 {
        return None;
    }
    let mut call = COUNT.key(key);
    call.arg(window.as_secs());
    match app.redis.invoke_twice::<(u32, u64)>("rate_limit", &call).await {
        Ok((count, seconds)) => Some((count, Duration::from_secs(seconds.max(1)))),
        Err(failure) => {
            tracing::warn!(error = ?failure, "limit not checked");
            None
        }
    }
}

/// The key that counts the requests of an address.
#[must_use]
pub fn rate_key(app: &App, address_key: &str) -> String {
    app.redis.key(&format!("rl:{address_key}"))
}
