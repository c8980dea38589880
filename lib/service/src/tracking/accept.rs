//! The accept path: from events that were read to a promise that they are kept.
//!
//! One Redis round trip. If Redis is down or its queue full the events go straight into
//! PostgreSQL, in one transaction; if that is down too nothing was kept and the client is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::PoisonError;
use std::time::Instant;

use nest_haus_domain::tracking::{
    Controls, Entry, Event, Kind, Register, Rejection, RequestContext, SequenceReport,
    SessionFacts, SessionId, Stamp,
};
use serde_json::json;
use uuid::Uuid;

use super::{controls, session_token, store};
use crate::http::{Context, Problem, RATE_WINDOW, RateLimit, rate_key};
use crate::platform::ConsentMode;
use crate::queue::{self, Append, Appended, Left, SessionTouch};
use crate::work::Work;

/// What a request brought, read into domain types.
pub(super) struct Incoming {
    /// The stream for it.
    pub kind: Kind,
    /// Events to keep.
    pub events: Vec<Event>,
    /// Events refused by content.
    pub rejections: Vec<Rejection>,
    /// What tabs say about their numbering.
    pub sequences: Vec<SequenceReport>,
}

impl Incoming {
    /// A request with one event.
    #[must_use]
    pub(super) fn one(kind: Kind, event: Event) -> Self {
        Self { kind, events: vec![event], rejections: Vec::new(), sequences: Vec::new() }
    }
}

/// What was kept.
pub(super) struct Receipt {
    /// The entry as it was kept, refusals included.
    pub entry: Entry,
    /// The token of a session that this request named first.
    pub token: Option<SessionToken>,
    /// Work for after the answer.
    pub work: Option<Work>,
    /// What is tracked at present.
    pub controls: Controls,
    /// How many requests are left.
    pub limits: Vec<RateLimit>,
}

/// A token for a session's own client.
pub(super) struct SessionToken {
    /// The session.
    pub session_id: SessionId,
    /// The token.
    pub token: String,
}

/// Times that a request looks whether other tracking is off or paused than it knew.
const CONTROLS_LOOKS: usize = 2;

/// Keeps what a request brought, or says why not. When this answers, the events are durable.
pub(super) async fn accept(cx: &Context, incoming: Incoming) -> Result<Receipt, Problem> {
    let started = Instant::now();
    let accepted = keep(cx, incoming).await;
    let mut times = cx.app.accept_times.lock().unwrap_or_else(PoisonError::into_inner);
    times.note(cx.now, started.elapsed());
    accepted
}

async fn keep(cx: &Context, incoming: Incoming) -> Result<Receipt, Problem> {
    let mut entry = entry(cx, incoming)?;
    let mut check_consent = true;
    let mut looks = 0;
    loop {
        let known = controls::known(&cx.app);
        let controls = known.decode();
        let whole = controls::refuse_untracked(&mut entry, &controls, cx.now);
        let touches = touches(&entry);
        let request = Append {
            entry: &entry,
            sessions: &touches,
            rate_key: rate_key(&cx.app, &cx.caller.address_key),
            rate_window: RATE_WINDOW,
            check_consent,
            controls: (looks < CONTROLS_LOOKS).then_some(&known),
        };
        match queue::append(&cx.app, &request).await {
            Ok(Appended::Queued { drained_at, owners, address, session }) => {
                let token = token_of_claim(cx, &entry, &touches, &owners);
                let late = drained_at.is_none_or(|at| {
                    (cx.now - at).to_std().is_ok_and(|gone| gone > cx.app.config.drain_late_after)
                });
                let work = late.then_some(Work::Drain(entry.kind));
                let limits = limits(cx, address, session);
                return Ok(Receipt { entry, token, work, controls, limits });
            }
            Ok(Appended::Controls(known)) => {
                looks += 1;
                controls::note(&cx.app, known);
                entry = whole.unwrap_or(entry);
            }
            Ok(Appended::Refused(codes)) => {
                let sessions = touches.iter().map(|touch| &touch.session_id).zip(&codes);
                let refused = sessions.filter(|(_, code)| !code.is_empty());
                let mut codes = refused.map(|(id, code)| (id.clone(), code.clone())).collect();
                look_for_consent(cx, &entry, &mut codes).await;
                refuse_without_consent(&mut entry, &codes);
                check_consent = false;
            }
            Ok(Appended::Limited { retry_after, is_session }) => {
                let none = Some(Left { requests: 0, reset: retry_after });
                let (address, session) = if is_session { (None, none) } else { (none, None) };
                let limit = limits(cx, address, session).into_iter().next();
                return Err(Problem::TooMany { retry_after, limit });
            }
            Ok(Appended::Full) => {
                tracing::error!(queue = entry.kind.as_str(), "queue full, storing directly");
                return store_directly(cx, entry, controls).await;
            }
            Err(error) => {
                tracing::error!(?error, "redis unavailable, storing directly");
                return store_directly(cx, entry, controls).await;
            }
        }
    }
}

/// What is left of the limits that are in force.
fn limits(cx: &Context, address: Option<Left>, session: Option<Left>) -> Vec<RateLimit> {
    let config = &cx.app.config;
    let limit = |policy, quota| {
        move |left: Left| RateLimit {
            policy,
            quota,
            window: RATE_WINDOW,
            remaining: left.requests,
            reset: left.reset,
        }
    };
    let address = address.map(limit("address", config.rate_limit_per_minute));
    let session = session.map(limit("session", config.rate_limit_per_session_per_minute));
    address.into_iter().chain(session).collect()
}

fn entry(cx: &Context, incoming: Incoming) -> Result<Entry, Problem> {
    let mut seen = HashSet::new();
    let (events, repeated): (Vec<_>, Vec<_>) = incoming
        .events
        .into_iter()
        .partition(|event| seen.insert((event.session_id.clone(), event.id)));
    let claims = claims(cx, &events)?;
    Ok(Entry {
        id: Uuid::now_v7(),
        kind: incoming.kind,
        received_at: cx.now,
        context: cx.caller.request_context(),
        claims,
        events,
        rejections: incoming.rejections,
        repeated: repeated.into_iter().map(|event| event.session_id).collect(),
        sequences: incoming.sequences,
    })
}

/// A claim to the one session of a request whose sender shows no token for it. Who sends events of
/// several sessions at once is no visitor's browser.
fn claims(cx: &Context, events: &[Event]) -> Result<BTreeMap<SessionId, String>, Problem> {
    let sessions: BTreeSet<_> =
        events.iter().filter_map(|event| event.session_id.as_ref()).collect();
    let (Some(only), 1) = (sessions.first(), sessions.len()) else { return Ok(BTreeMap::new()) };
    if session_token::proven_claim(&cx.app, &cx.caller, only).is_some() {
        return Ok(BTreeMap::new());
    }
    Ok(BTreeMap::from([((*only).clone(), session_token::new_claim(cx.now)?)]))
}

/// What an entry says about each of its sessions.
pub(super) fn facts_by_session<'a>(
    entry: &Entry,
    events: impl Iterator<Item = &'a Event>,
) -> BTreeMap<SessionId, SessionFacts> {
    let mut sessions: BTreeMap<SessionId, SessionFacts> = BTreeMap::new();
    for event in events {
        if let Some(session_id) = &event.session_id {
            sessions.entry(session_id.clone()).or_default().merge(SessionFacts::of(event));
        }
    }
    let stamp = Stamp::of_request(entry);
    for (session_id, facts) in &mut sessions {
        if entry.context != RequestContext::default() {
            facts.note(Register::Context, &stamp, json!(entry.context));
        }
        if let Some(claim) = entry.claims.get(session_id) {
            facts.note(Register::Owner, &stamp, json!(claim));
        }
    }
    sessions
}

fn touches(entry: &Entry) -> Vec<SessionTouch> {
    let in_time = |session: &SessionId| {
        let of_session = |event: &&Event| event.session_id.as_ref() == Some(session);
        let live = |event: &&Event| event.is_activity() && !event.late;
        let events = entry.events.iter().filter(of_session).filter(live);
        events.map(|event| event.occurred_at).max()
    };
    facts_by_session(entry, entry.events.iter())
        .into_iter()
        .map(|(session_id, facts)| SessionTouch {
            activity_at: in_time(&session_id),
            session_id,
            facts,
        })
        .collect()
}

/// A consent may have gone past the queue: where Redis misses one, the database is asked.
async fn look_for_consent(cx: &Context, entry: &Entry, codes: &mut BTreeMap<SessionId, String>) {
    if codes.values().any(|code| code == "consent_missing") {
        match store::known_consent(&cx.app, entry).await {
            Ok(known) => codes.retain(|id, _| known.get(id) != Some(&Some(true))),
            Err(error) => tracing::warn!(?error, "consent not looked for in the database"),
        }
    }
}

/// Moves the events of sessions without consent to the refused ones. Their content is not kept.
pub(super) fn refuse_without_consent(entry: &mut Entry, codes: &BTreeMap<SessionId, String>) {
    refuse(entry, |event| {
        let code = event.session_id.as_ref().and_then(|id| codes.get(id))?;
        Some((code.clone(), "sessionId", "the visitor has not agreed to be analysed"))
    });
}

/// Moves the events for which there is a reason (a code, a field, a sentence) to the refused ones.
/// Their content is not kept.
pub(super) fn refuse(
    entry: &mut Entry,
    reason: impl Fn(&Event) -> Option<(String, &'static str, &'static str)>,
) {
    let events = std::mem::take(&mut entry.events);
    for event in events {
        match reason(&event) {
            Some((code, field, message)) => entry.rejections.push(Rejection {
                index: event.index,
                event_id: Some(event.id.as_uuid().to_string()),
                session_id: event.session_id,
                tab_id: event.tab_id,
                seq: event.seq,
                code,
                field: field.to_owned(),
                message: message.to_owned(),
                payload: String::new(),
            }),
            None => entry.events.push(event),
        }
    }
}

/// The token of the one session that this request claimed first.
fn token_of_claim(
    cx: &Context,
    entry: &Entry,
    touches: &[SessionTouch],
    owners: &[Option<String>],
) -> Option<SessionToken> {
    let ([touch], [Some(owner)]) = (touches, owners) else { return None };
    let claim = entry.claims.get(&touch.session_id).filter(|claim| *claim == owner)?;
    let token = session_token::token(&cx.app, &touch.session_id, claim);
    Some(SessionToken { session_id: touch.session_id.clone(), token })
}

/// Which sessions may not be analysed: a code for each.
fn consent_refusals(
    consent: &BTreeMap<SessionId, Option<bool>>,
    mode: ConsentMode,
) -> BTreeMap<SessionId, String> {
    let code = |consent: Option<bool>| match (consent, mode) {
        (Some(false), _) => Some("consent_denied"),
        (None, ConsentMode::Required) => Some("consent_missing"),
        _ => None,
    };
    let refused = |(id, consent): (&SessionId, &Option<bool>)| {
        code(*consent).map(|code| (id.clone(), code.to_owned()))
    };
    consent.iter().filter_map(refused).collect()
}

async fn store_directly(
    cx: &Context,
    mut entry: Entry,
    controls: Controls,
) -> Result<Receipt, Problem> {
    let unavailable = |error: sqlx::Error| {
        tracing::error!(?error, "neither queue nor database took a request");
        Problem::Unavailable(error.into())
    };
    let consent = store::known_consent(&cx.app, &entry).await.map_err(unavailable)?;
    if entry.kind.needs_consent() {
        let codes = consent_refusals(&consent, cx.app.config.consent_mode);
        refuse_without_consent(&mut entry, &codes);
    }
    store::forget_visitor_ids(&mut entry, |id| consent.get(id) == Some(&Some(true)));
    let owners = store::store_directly(&cx.app, &entry).await.map_err(unavailable)?;
    let touches = touches(&entry);
    // If Redis is only full it must know of a decision at once; if it is down this has to wait.
    if let Err(error) = queue::remember_consent(&cx.app, &touches).await {
        tracing::warn!(?error, "consent not noted in redis");
    }
    let owners: Vec<_> =
        touches.iter().map(|touch| owners.get(&touch.session_id.key()).cloned()).collect();
    let token = token_of_claim(cx, &entry, &touches, &owners);
    Ok(Receipt { entry, token, work: None, controls, limits: Vec::new() })
}
