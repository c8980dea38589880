//! Reading a stream as a log, trimming what is committed, and how full it is.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Kind, SessionId};
use redis::Script;
use redis::streams::StreamRangeReply;
use uuid::Uuid;

use super::{Keys, session_key};
use crate::platform::{App, RedisFailure};

/// Each script's hash is taken once a process, not once a call.
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));
static TRIM: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("trim.lua")));
static STATUS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("status.lua")));

/// Most entries that one read takes.
const READ_ENTRIES_MAX: usize = 500;

/// Bytes that one read aims at.
const READ_BYTES: usize = 4_000_000;

/// Entries of a page of a report.
const PAGE_ENTRIES: usize = 50;

/// How long facts of sessions that are stored stay in Redis.
const DRAINED_FACTS_TTL: Duration = Duration::from_hours(48);

/// The place of an entry in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamId(String);

impl StreamId {
    /// A place as the database stored it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The place as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the entry was appended, by Redis' clock.
    #[must_use]
    pub fn time(&self) -> Option<DateTime<Utc>> {
        Self::time_of(self.0.split('-').next()?)
    }

    pub(super) fn time_of(millis: &str) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(millis.parse().ok()?)
    }

    /// The smallest place after this one.
    fn next(&self) -> String {
        let (millis, sequence) = self.0.split_once('-').unwrap_or((&self.0, "0"));
        let sequence: u64 = sequence.parse().unwrap_or(0);
        format!("{millis}-{}", sequence.saturating_add(1))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry as it stands in the stream, its data not yet decoded.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Its place.
    pub stream_id: StreamId,
    /// The request's id; nothing if the entry is damaged.
    pub entry_id: Option<Uuid>,
    /// Number of events it says it holds.
    pub events: i64,
    /// Where it ends in the log, in bytes since the beginning.
    pub offset: i64,
    /// The entry as JSON.
    pub data: String,
}

impl Queued {
    fn of(id: String, fields: &HashMap<String, redis::Value>) -> Self {
        let text = |name: &str| {
            fields.get(name).and_then(|value| match value {
                redis::Value::BulkString(bytes) => {
                    Some(String::from_utf8_lossy(bytes).into_owned())
                }
                _ => None,
            })
        };
        let number = |name: &str| text(name).and_then(|text| text.parse().ok());
        Self {
            stream_id: StreamId(id),
            entry_id: text("id").and_then(|text| text.parse().ok()),
            events: number("events").unwrap_or(1),
            offset: number("offset").unwrap_or(0),
            data: text("data").unwrap_or_default(),
        }
    }
}

/// The last entry of a stream that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its place.
    pub stream_id: StreamId,
    /// The request's id.
    pub entry_id: Option<Uuid>,
}

/// Reads the oldest entries that are not committed: up to 500, about 4 MB.
///
/// If the last committed entry is no longer in the stream, everything up to it was trimmed and all
/// that is read is new, even in another Redis with another clock. If it is still there, the trim
/// that a crashed reader owed is done first.
pub async fn read_oldest(
    app: &App,
    kind: Kind,
    committed: Option<&Committed>,
) -> Result<Vec<Queued>, RedisFailure> {
    read(app, kind, committed, "").await
}

/// Reads as many entries after a place, without any effect.
pub async fn read_ahead(
    app: &App,
    kind: Kind,
    after: &StreamId,
) -> Result<Vec<Queued>, RedisFailure> {
    read(app, kind, None, &after.next()).await
}

/// Whether a read took as much as it may, so that more may wait.
#[must_use]
pub fn was_full(read: &[Queued]) -> bool {
    let bytes: usize = read.iter().map(|entry| entry.data.len()).sum();
    read.len() >= READ_ENTRIES_MAX || bytes >= READ_BYTES
}

async fn read(
    app: &App,
    kind: Kind,
    committed: Option<&Committed>,
    ahead_from: &str,
) -> Result<Vec<Queued>, RedisFailure> {
    let keys = Keys::of(&app.redis, kind);
    let entry_id = committed.and_then(|committed| committed.entry_id);
    let mut call = READ.prepare_invoke();
    call.key(keys.stream).key(keys.start).key(keys.drained_at);
    call.arg(committed.map_or("", |committed| committed.stream_id.as_str()));
    call.arg(entry_id.map(|id| id.to_string()).unwrap_or_default());
    call.arg(READ_ENTRIES_MAX).arg(READ_BYTES).arg(app.clock.now().timestamp_millis());
    call.arg(ahead_from);
    let reply: StreamRangeReply = app.redis.invoke_twice("read", &call).await?;
    Ok(reply.ids.into_iter().map(|id| Queued::of(id.id, &id.map)).collect())
}

/// Reads entries after a place, without any effect. For reports.
pub async fn read_page(
    app: &App,
    kind: Kind,
    after: Option<&StreamId>,
) -> Result<Vec<Queued>, RedisFailure> {
    let from = after.map_or_else(|| "-".to_owned(), StreamId::next);
    let mut command = redis::cmd("XRANGE");
    command.arg(Keys::of(&app.redis, kind).stream).arg(from).arg("+");
    command.arg("COUNT").arg(PAGE_ENTRIES);
    let reply: StreamRangeReply = app.redis.query_twice(&command).await?;
    Ok(reply.ids.into_iter().map(|id| Queued::of(id.id, &id.map)).collect())
}

/// Removes the entries up to `last` and lets the facts of their sessions, which are stored now,
/// run out. `last_offset` is where `last` ends in the log. Repeating it changes nothing.
pub async fn trim(
    app: &App,
    kind: Kind,
    last: (&StreamId, i64),
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<(), RedisFailure> {
    let keys = Keys::of(&app.redis, kind);
    let mut call = TRIM.prepare_invoke();
    call.key(keys.stream).key(keys.start).key(keys.drained_at);
    for session in sessions {
        call.key(session_key(&app.redis, session.as_str()));
    }
    call.arg(last.0.next()).arg(last.1).arg(now.timestamp_millis());
    call.arg(DRAINED_FACTS_TTL.as_secs());
    app.redis.invoke_twice("trim", &call).await
}

/// How full a stream is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueStatus {
    /// Entries in it.
    pub entries: i64,
    /// Bytes in it.
    pub bytes: i64,
    /// When its oldest entry was appended.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Events ever accepted into it.
    pub accepted: i64,
}

/// How full each stream is, in one command.
pub async fn status(app: &App) -> Result<Vec<(Kind, QueueStatus)>, RedisFailure> {
    let mut call = STATUS.key(super::accepted_key(&app.redis));
    for kind in Kind::ALL {
        let keys = Keys::of(&app.redis, kind);
        call.key(keys.stream).key(keys.end).key(keys.start).arg(kind.as_str());
    }
    let rows: Vec<(i64, i64, String, i64)> = app.redis.invoke_twice("status", &call).await?;
    let status = rows.into_iter().map(|(entries, bytes, oldest, accepted)| QueueStatus {
        entries,
        bytes,
        oldest_at: StreamId(oldest).time(),
        accepted,
    });
    Ok(Kind::ALL.into_iter().zip(status).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_after_an_entry_is_one_sequence_further() {
        assert_eq!(StreamId::new("1795295771438-7".to_owned()).next(), "1795295771438-8");
        assert_eq!(StreamId::new("5".to_owned()).next(), "5-1");
    }
}
