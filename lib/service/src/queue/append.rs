//! Appending: the whole accept path in Redis is one script, one round trip.

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Entry, Keep, Kind, Register, SessionFacts, SessionId, Stamped};
use redis::{Script, Value};

use super::{
    Keys, StreamId, accepted_key, consent_key, live_key, off_key, paused_key, session_key,
    session_rate_key,
};
use crate::platform::{App, ConsentMode, KnownControls, RedisFailure};

/// Each script's hash is taken once a process, not once a call.
static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("append.lua")));
static KEEP: LazyLock<Script> = LazyLock::new(|| Script::new(KEEP_LATEST));

/// How long facts of sessions that are still in the queue are kept.
const UNDRAINED_FACTS_TTL: Duration = Duration::from_hours(30 * 24);

/// How long a visitor's choice about cookies is remembered.
const CONSENT_TTL: Duration = Duration::from_hours(400 * 24);

/// Sets a stamped value unless a later one is there.
const KEEP_LATEST: &str = "local known = redis.call('GET', KEYS[1]) \
    if not known or known < ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end";

/// How long a session stays in the set of live sessions.
const LIVE_TTL: Duration = Duration::from_hours(48);

/// What one request says about one of its sessions.
pub struct SessionTouch {
    /// The session.
    pub session_id: SessionId,
    /// The visitor's last activity, if it counts for live numbers.
    pub activity_at: Option<DateTime<Utc>>,
    /// Facts to merge.
    pub facts: SessionFacts,
}

/// One request to append.
pub struct Append<'a> {
    /// The request's events.
    pub entry: &'a Entry,
    /// What it says about its sessions.
    pub sessions: &'a [SessionTouch],
    /// The key that counts the requests of its address.
    pub rate_key: String,
    /// How long those requests are counted together.
    pub rate_window: Duration,
    /// Whether to ask for consent.
    pub check_consent: bool,
    /// What is known of which tracking is off or paused; nothing if that no longer matters.
    pub controls: Option<&'a KnownControls>,
}

/// How many requests are left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Requests.
    pub requests: u32,
    /// Time until they are counted anew.
    pub reset: Duration,
}

/// What became of the request.
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the queue.
    Queued {
        /// When the stream was last drained.
        drained_at: Option<DateTime<Utc>>,
        /// The claim that each session belongs to.
        owners: Vec<Option<String>>,
        /// What is left to the address.
        address: Option<Left>,
        /// What is left to the session with the fewest.
        session: Option<Left>,
    },
    /// The address or a session asked too often.
    Limited {
        /// Time until it may ask again.
        retry_after: Duration,
        /// Whether it was a session.
        is_session: bool,
    },
    /// Other tracking is off or paused than the caller knew.
    Controls(KnownControls),
    /// The stream holds as much as it may.
    Full,
    /// Consent forbids events of some sessions: a code for each, empty where nothing is refused.
    Refused(Vec<String>),
}

/// Appends one request. If the connection turns out to be dead it is tried once more; the script
/// then looks whether the first try had arrived.
pub async fn append(app: &App, request: &Append<'_>) -> Result<Appended, AppendFailure> {
    let data = serde_json::to_string(request.entry)?;
    match invoke(app, request, &data, false).await {
        Err(failure) if failure.connection_was_dead() => {
            Ok(invoke(app, request, &data, true).await?)
        }
        other => Ok(other?),
    }
}

/// Why a request could not be appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendFailure {
    /// Redis could not be asked.
    #[error(transparent)]
    Redis(#[from] RedisFailure),
    /// The entry could not be written as JSON.
    #[error("the entry could not be encoded")]
    Encode(#[from] serde_json::Error),
}

async fn invoke(
    app: &App,
    request: &Append<'_>,
    data: &str,
    repeated: bool,
) -> Result<Appended, RedisFailure> {
    let entry = request.entry;
    let keys = Keys::of(&app.redis, entry.kind);
    let mut call = APPEND.prepare_invoke();
    call.key(keys.stream).key(keys.end).key(keys.start).key(accepted_key(&app.redis));
    call.key(&request.rate_key).key(live_key(&app.redis)).key(keys.drained_at);
    call.key(off_key(&app.redis)).key(paused_key(&app.redis));
    for session in request.sessions {
        let id = session.session_id.as_str();
        call.key(session_key(&app.redis, id)).key(consent_key(&app.redis, id));
        call.key(session_rate_key(&app.redis, id));
    }
    call.arg(entry.id.to_string()).arg(data).arg(entry.received());
    call.arg(app.config.queue_entries_max).arg(app.config.queue_bytes_max);
    call.arg(app.config.rate_limit_per_minute).arg(request.rate_window.as_secs());
    call.arg(entry.kind.as_str()).arg(consent_check(app, entry.kind, request.check_consent));
    call.arg(u8::from(repeated)).arg(UNDRAINED_FACTS_TTL.as_secs()).arg(CONSENT_TTL.as_secs());
    call.arg(LIVE_TTL.as_secs()).arg(entry.received_at.timestamp_millis());
    call.arg(app.config.rate_limit_per_session_per_minute);
    let known = request.controls;
    call.arg(u8::from(known.is_some()));
    call.arg(known.map_or("", |known| &known.off))
        .arg(known.map_or("", |known| &known.paused_until));
    call.arg(request.sessions.len());
    for session in request.sessions {
        call.arg(session.session_id.as_str());
        call.arg(session.activity_at.map_or(0, |at| at.timestamp_millis()));
        call.arg(consent_decision(&session.facts));
        call.arg(session.facts.iter().count());
        for (register, stamped) in session.facts.iter() {
            call.arg(register.name()).arg(keep(register)).arg(encode(stamped));
        }
    }
    Ok(parse(app.redis.invoke("append", &call).await?))
}

fn consent_check(app: &App, kind: Kind, check: bool) -> &'static str {
    match (kind.needs_consent() && check, app.config.consent_mode) {
        (false, _) => "off",
        (true, ConsentMode::Implied) => "implied",
        (true, ConsentMode::Required) => "required",
    }
}

/// The decision about analysis, with its stamp before it so that the latest wins.
fn consent_decision(facts: &SessionFacts) -> String {
    let stamp = facts.iter().find(|(register, _)| **register == Register::Consent);
    match (stamp, facts.analytics_consent()) {
        (Some((_, stamped)), Some(granted)) => {
            format!("{}{}", stamped.stamp.as_str(), u8::from(granted))
        }
        _ => String::new(),
    }
}

const fn keep(register: &Register) -> &'static str {
    match register.keep() {
        Keep::First => "first",
        Keep::Last => "last",
    }
}

fn encode(stamped: &Stamped) -> String {
    format!("{}{}", stamped.stamp.as_str(), stamped.value)
}

/// Notes decisions about consent that went past the queue, so that the next request finds them.
pub async fn remember_consent(app: &App, sessions: &[SessionTouch]) -> Result<(), RedisFailure> {
    for session in sessions {
        let decision = consent_decision(&session.facts);
        if !decision.is_empty() {
            let mut call = KEEP.key(consent_key(&app.redis, session.session_id.as_str()));
            call.arg(decision).arg(CONSENT_TTL.as_secs());
            app.redis.invoke_twice::<()>("keep_latest", &call).await?;
        }
    }
    Ok(())
}

fn parse(answer: Vec<Value>) -> Appended {
    let texts: Vec<String> = answer.into_iter().map(text).collect();
    let rest = |from: usize| texts.iter().skip(from).cloned();
    match texts.first().map(String::as_str) {
        Some("ok") => Appended::Queued {
            drained_at: rest(2).next().and_then(|millis| StreamId::time_of(&millis)),
            owners: rest(7).map(|owner| claim_in(&owner)).collect(),
            address: left(rest(3)),
            session: left(rest(5)),
        },
        Some("limited") => {
            let seconds = rest(1).next().and_then(|text| text.parse().ok()).unwrap_or(1);
            let is_session = rest(2).next().is_some_and(|limit| limit == "session");
            let retry_after = Duration::from_secs(std::cmp::max(seconds, 1));
            Appended::Limited { retry_after, is_session }
        }
        Some("controls") => Appended::Controls(KnownControls {
            off: rest(1).next().unwrap_or_default(),
            paused_until: rest(2).next().unwrap_or_default(),
        }),
        Some("refused") => Appended::Refused(rest(1).collect()),
        _ => Appended::Full,
    }
}

/// What is left, from two numbers; nothing where there is no limit.
fn left(mut numbers: impl Iterator<Item = String>) -> Option<Left> {
    let requests = numbers.next()?.parse().ok()?;
    let reset = Duration::from_secs(numbers.next()?.parse().ok()?);
    Some(Left { requests, reset })
}

fn text(value: Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::SimpleString(text) => text,
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

fn claim_in(encoded: &str) -> Option<String> {
    super::live::decode(encoded)?.value.as_str().map(str::to_owned)
}
