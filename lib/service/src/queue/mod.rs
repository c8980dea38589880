//! The queue: one Redis stream a kind of event, used as a log under a lease.
//!
//! A request is one entry. Readers start from the oldest entry and trim what they have committed;
//! nothing else ever removes an entry, so a crash leaves everything in place.

mod append;
mod controls;
mod lease;
mod live;
mod stream;

pub use append::{Append, Appended, Left, SessionTouch, append, remember_consent};
pub use controls::{pause_optional, publish_off};
pub use lease::Lease;
pub use live::{agreed_sessions, live_facts, live_registers, live_sessions};
pub use stream::{
    Committed, QueueStatus, Queued, StreamId, read_ahead, read_oldest, read_page, status, trim,
    was_full,
};

use crate::platform::Redis;
use nest_haus_domain::tracking::Kind;

/// Names of the keys of one stream.
struct Keys {
    stream: String,
    /// Bytes ever appended: where the log ends.
    end: String,
    /// Bytes ever trimmed: where the log starts.
    start: String,
    /// When entries were last drained, or the stream was found empty, in milliseconds.
    drained_at: String,
}

impl Keys {
    fn of(redis: &Redis, kind: Kind) -> Self {
        let name = |suffix: &str| redis.key(&format!("q:{}{suffix}", kind.as_str()));
        Self {
            stream: name(""),
            end: name(":end"),
            start: name(":start"),
            drained_at: name(":drained"),
        }
    }
}

fn live_key(redis: &Redis) -> String {
    redis.key("live")
}

fn session_key(redis: &Redis, session_id: &str) -> String {
    redis.key(&format!("session:{session_id}"))
}

fn consent_key(redis: &Redis, session_id: &str) -> String {
    redis.key(&format!("consent:{session_id}"))
}

/// Names of what tracking is off.
fn off_key(redis: &Redis) -> String {
    redis.key("flags")
}

/// Until when optional tracking is paused.
fn paused_key(redis: &Redis) -> String {
    redis.key("breaker")
}

/// The counter of requests that name a session.
fn session_rate_key(redis: &Redis, session_id: &str) -> String {
    redis.key(&format!("rl:session:{session_id}"))
}

/// The counter of events that Redis accepted, by stream.
fn accepted_key(redis: &Redis) -> String {
    redis.key("ledger:accepted")
}
