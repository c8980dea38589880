//! Which tracking is off or paused, as every process learns it with the next request that it appends.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Controls, TrackingKind};

use super::{off_key, paused_key};
use crate::platform::{App, RedisFailure};

/// Tells every process what is off.
pub async fn publish_off(app: &App, off: &BTreeSet<TrackingKind>) -> Result<(), RedisFailure> {
    let mut command = if off.is_empty() { redis::cmd("DEL") } else { redis::cmd("SET") };
    command.arg(off_key(&app.redis));
    if !off.is_empty() {
        command.arg(Controls::encode_off(off));
    }
    app.redis.query_twice(&command).await
}

/// Tells every process that optional tracking waits until then. It ends by itself.
pub async fn pause_optional(app: &App, until: DateTime<Utc>) -> Result<(), RedisFailure> {
    let millis = until.timestamp_millis();
    let left = (until - app.clock.now()).num_milliseconds().max(1);
    let mut command = redis::cmd("SET");
    command.arg(paused_key(&app.redis)).arg(millis).arg("PX").arg(left);
    app.redis.query_twice(&command).await
}
