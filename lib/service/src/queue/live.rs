//! What Redis knows of sessions right now, before any drain.

use std::sync::LazyLock;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::{Register, SessionFacts, SessionId, Stamp, Stamped};

use redis::Script;

use super::{consent_key, live_key, session_key};
use crate::platform::{App, RedisFailure};

/// Each script's hash is taken once a process, not once a call.
static READ_SOME: LazyLock<Script> = LazyLock::new(|| Script::new(SOME_FACTS));

/// The sessions with activity since a moment, by id.
pub async fn live_sessions(app: &App, since: DateTime<Utc>) -> Result<Vec<String>, RedisFailure> {
    let mut command = redis::cmd("ZRANGEBYSCORE");
    command.arg(live_key(&app.redis)).arg(since.timestamp_millis()).arg("+inf");
    app.redis.query_twice(&command).await
}

/// The facts of a session that Redis still holds.
pub async fn live_facts(app: &App, session_id: &SessionId) -> Result<SessionFacts, RedisFailure> {
    let mut command = redis::cmd("HGETALL");
    command.arg(session_key(&app.redis, session_id.as_str()));
    let fields: BTreeMap<String, String> = app.redis.query_twice(&command).await?;
    let mut facts = SessionFacts::default();
    for (name, encoded) in fields {
        if let Some(stamped) = decode(&encoded) {
            facts.note(Register::of_name(&name), &stamped.stamp, stamped.value);
        }
    }
    Ok(facts)
}

/// Reads some registers of some sessions in one command: a script counts as one where commands are
/// billed.
const SOME_FACTS: &str = "local found = {} \
    for i, session in ipairs(KEYS) do found[i] = redis.call('HMGET', session, unpack(ARGV)) end \
    return found";

/// Some registers of some sessions, in the order of these. Of a session that Redis does not hold
/// nothing is known.
pub async fn live_registers(
    app: &App,
    sessions: &[SessionId],
    registers: &[Register],
) -> Result<Vec<SessionFacts>, RedisFailure> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let mut call = READ_SOME.prepare_invoke();
    for session in sessions {
        call.key(session_key(&app.redis, session.as_str()));
    }
    for register in registers {
        call.arg(register.name());
    }
    let found: Vec<Vec<Option<String>>> = app.redis.invoke_twice("some_facts", &call).await?;
    let facts = found.into_iter().map(|values| {
        let mut facts = SessionFacts::default();
        for (register, encoded) in registers.iter().zip(values) {
            if let Some(stamped) = encoded.as_deref().and_then(decode) {
                facts.note(register.clone(), &stamped.stamp, stamped.value);
            }
        }
        facts
    });
    Ok(facts.collect())
}

/// Of some sessions, those whose visitor agreed to being analysed.
pub async fn agreed_sessions(
    app: &App,
    sessions: BTreeSet<SessionId>,
) -> Result<BTreeSet<SessionId>, RedisFailure> {
    if sessions.is_empty() {
        return Ok(sessions);
    }
    let mut command = redis::cmd("MGET");
    for session in &sessions {
        command.arg(consent_key(&app.redis, session.as_str()));
    }
    let decisions: Vec<Option<String>> = app.redis.query_twice(&command).await?;
    let agreed = |decision: Option<String>| decision.is_some_and(|text| text.ends_with('1'));
    let known = sessions.into_iter().zip(decisions);
    Ok(known.filter_map(|(id, decision)| agreed(decision).then_some(id)).collect())
}

/// Reads a register's value as the append script stores it: the stamp, then JSON.
pub(super) fn decode(encoded: &str) -> Option<Stamped> {
    let (stamp, json) = encoded.split_at_checked(Stamp::BYTES)?;
    Some(Stamped { stamp: Stamp::parse(stamp)?, value: serde_json::from_str(json).ok()? })
}
