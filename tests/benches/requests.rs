//! Requests of simulated visitors, as today's front end and as the new protocol sends them.
//!
//! They are made once and written out again and again with other names: each time that the pool is
//! gone through, every session and every event in it is a new one. So no request is a duplicate, and
//! making one takes no more than copying its text.

use std::collections::HashSet;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use nest_haus_synth::{Request, Scenario, Session, Simulation, Transmission};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::Failure;
use crate::connection::Outgoing;

/// What all chance of the simulation follows from.
const SEED: u64 = 20;

/// Sessions whose requests come in turn.
const LIVE_SESSIONS: usize = 200;

/// What stands around events, and around each, in the new protocol alone.
const NAMES_OF_NEW_PROTOCOL: [&str; 7] =
    ["tabId", "visitorId", "sentAt", "eventId", "seq", "clientTs", "interactive"];

/// A request that can be written out with other names.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    parts: Vec<Part>,
    /// Events in it.
    pub(crate) events: u64,
    /// Time since the request of the same visitor before.
    pub(crate) pause: Duration,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(Bytes),
    Session(String),
    Event(Uuid),
}

impl Template {
    fn new(request: &Request, session: &str, ids: &[Uuid]) -> Result<Self, Failure> {
        let mut headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        for (name, value) in &request.headers {
            headers.push((name.parse()?, value.parse()?));
        }
        let events = ["events", "metrics"].iter().find_map(|list| request.body[list].as_array());
        Ok(Self {
            path: request.path.clone(),
            headers,
            parts: parts(&request.body.to_string(), session, ids),
            events: events.map_or(1, |events| events.len() as u64),
            pause: Duration::ZERO,
        })
    }

    /// The request of one round through the pool.
    pub(crate) fn write(&self, round: u32) -> Outgoing {
        let mut body = BytesMut::with_capacity(1024);
        for part in &self.parts {
            match part {
                Part::Text(text) => body.put_slice(text),
                Part::Session(id) => body.put_slice(format!("{id}.{round:x}").as_bytes()),
                Part::Event(id) => body.put_slice(in_round(*id, round).to_string().as_bytes()),
            }
        }
        Outgoing {
            method: Method::POST,
            path: self.path.clone(),
            headers: self.headers.clone(),
            body: body.freeze(),
        }
    }
}

/// Another id of the same moment: only random bits differ.
fn in_round(id: Uuid, round: u32) -> Uuid {
    Uuid::from_u128(id.as_u128() ^ u128::from(round))
}

/// Cuts a body at the names in it.
fn parts(body: &str, session: &str, ids: &[Uuid]) -> Vec<Part> {
    let session_name = (session.to_owned(), Part::Session(session.to_owned()));
    let names = ids.iter().map(|id| (id.to_string(), Part::Event(*id))).chain([session_name]);
    let mut found: Vec<(usize, usize, Part)> = Vec::new();
    for (name, part) in names {
        found.extend(body.match_indices(&name).map(|(at, _)| (at, name.len(), part.clone())));
    }
    found.sort_unstable_by_key(|(at, ..)| *at);
    let text =
        |from: usize, to: usize| Part::Text(Bytes::copy_from_slice(&body.as_bytes()[from..to]));
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, length, part) in found {
        parts.extend([text(from, at), part]);
        from = at + length;
    }
    parts.push(text(from, body.len()));
    parts
}

/// Requests, gone through again and again.
#[derive(Clone)]
pub(crate) struct Pool {
    templates: Vec<Template>,
    next: usize,
    round: u32,
}

impl Pool {
    fn new(templates: Vec<Template>) -> Result<Self, Failure> {
        if templates.is_empty() {
            return Err("no requests were simulated".into());
        }
        Ok(Self { templates, next: 0, round: 0 })
    }

    /// Visitors of the last day, every other one with today's front end; the requests of many at a
    /// time, each visitor's in their order.
    pub(crate) fn of_visitors(sessions: u32, now: DateTime<Utc>) -> Result<Self, Failure> {
        Self::new(interleaved(visitors(sessions, now)?))
    }

    /// Requests of the new protocol with a hundred interactions each, one session a request.
    pub(crate) fn of_full_batches(batches: usize, now: DateTime<Utc>) -> Result<Self, Failure> {
        Self::new(full_batches(batches, now)?)
    }

    /// The next request, unlike all before.
    pub(crate) fn next(&mut self) -> (Outgoing, u64) {
        if self.next == self.templates.len() {
            (self.next, self.round) = (0, self.round + 1);
        }
        let template = &self.templates[self.next];
        self.next += 1;
        (template.write(self.round), template.events)
    }

    /// Bytes of a body, on average.
    pub(crate) fn mean_body(&self) -> usize {
        let bytes: usize = self.templates.iter().map(|one| one.write(0).body.len()).sum();
        bytes / self.templates.len()
    }

    /// Events of a request, on average.
    pub(crate) fn mean_events(&self) -> f64 {
        let events: u64 = self.templates.iter().map(|one| one.events).sum();
        crate::finding::float(events) / crate::finding::float(self.templates.len() as u64)
    }
}

/// What each visitor sends, in order.
pub(crate) fn visitors(sessions: u32, now: DateTime<Utc>) -> Result<Vec<Vec<Template>>, Failure> {
    let simulation = Simulation::new(Scenario::of_days(sessions, SEED, 1, now))?;
    let numbered = simulation.enumerate();
    numbered.map(|(number, session)| of_session(&session, number % 2 == 1)).collect()
}

fn of_session(session: &Session, as_today: bool) -> Result<Vec<Template>, Failure> {
    let mut before = session.transmissions.first().map(|first| first.arrival);
    let (mut templates, mut sent) = (Vec::new(), HashSet::new());
    for transmission in &session.transmissions {
        let ids: Vec<Uuid> = transmission.events.iter().map(|event| event.id.as_uuid()).collect();
        // The simulated tracker sends some once more, as if it had not got an answer.
        if !ids.iter().all(|id| sent.insert(*id)) {
            continue;
        }
        let request = transmission.request();
        let requests = if as_today { today(&request) } else { vec![request] };
        let share = u32::try_from(requests.len().max(1))?;
        let pause = before.map_or(TimeDelta::zero(), |before| transmission.arrival - before);
        for request in requests {
            let pause = pause.to_std().unwrap_or_default() / share;
            templates
                .push(Template { pause, ..Template::new(&request, session.id.as_str(), &ids)? });
        }
        before = Some(transmission.arrival);
    }
    Ok(templates)
}

/// The requests of today's front end about the same: one an event, without names, order and times.
fn today(request: &Request) -> Vec<Request> {
    let with = |path: &str, body: Map<String, Value>| Request {
        path: path.to_owned(),
        body: Value::Object(without_names(body)),
        ..request.clone()
    };
    let whole = request.body.as_object().cloned().unwrap_or_default();
    let items = |list: &str| whole.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let session = whole.get("sessionId").cloned().unwrap_or_default();
    let metric = |item: Value| {
        let mut body = item.as_object().cloned().unwrap_or_default();
        body.insert("sessionId".to_owned(), session.clone());
        with("/api/performance/track", body)
    };
    match request.path.as_str() {
        "/api/sessions/track-batch" => {
            items("events").iter().map(|item| interaction(&session, item, &with)).collect()
        }
        "/api/performance/track" => items("metrics").into_iter().map(metric).collect(),
        path => vec![with(path, whole)],
    }
}

fn interaction(
    session: &Value,
    item: &Value,
    with: &dyn Fn(&str, Map<String, Value>) -> Request,
) -> Request {
    let mut body = Map::from_iter([("sessionId".to_owned(), session.clone())]);
    if item["eventType"] == "selection" {
        body.insert("category".to_owned(), item["category"].clone());
        body.insert("selection".to_owned(), item["selectionValue"].clone());
        body.insert("totalPrice".to_owned(), item["totalPrice"].clone());
        return with("/api/sessions/track", body);
    }
    let item = without_names(item.as_object().cloned().unwrap_or_default());
    body.insert("interaction".to_owned(), Value::Object(item));
    with("/api/sessions/track-interaction", body)
}

fn without_names(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|name, _| !NAMES_OF_NEW_PROTOCOL.contains(&name.as_str()));
    body
}

/// The requests of many visitors at a time: one of each in turn, and who has no more makes room.
fn interleaved(visitors: Vec<Vec<Template>>) -> Vec<Template> {
    let mut waiting = visitors.into_iter().map(Vec::into_iter);
    let mut live: Vec<_> = waiting.by_ref().take(LIVE_SESSIONS).collect();
    let mut all = Vec::new();
    while !live.is_empty() {
        for visitor in &mut live {
            all.extend(visitor.next());
        }
        live.retain(|visitor| visitor.len() > 0);
        let room = LIVE_SESSIONS - live.len();
        live.extend(waiting.by_ref().take(room));
    }
    all
}

fn full_batches(batches: usize, now: DateTime<Utc>) -> Result<Vec<Template>, Failure> {
    const EVENTS: usize = 100;
    let sessions = u32::try_from(batches * 20)?.max(100);
    let simulation = Simulation::new(Scenario::of_days(sessions, SEED, 1, now))?;
    let requests = simulation
        .flat_map(|session| session.transmissions)
        .map(|transmission: Transmission| transmission.request())
        .filter(|request| request.path == "/api/sessions/track-batch");
    let (mut templates, mut events) = (Vec::new(), Vec::with_capacity(EVENTS));
    let mut used = HashSet::new();
    for mut request in requests {
        let Some(items) = request.body["events"].as_array_mut() else { continue };
        // The simulated tracker sends some once more, as if it had not got an answer.
        events.extend(items.drain(..).filter(|item| used.insert(item["eventId"].to_string())));
        if templates.len() == batches {
            break;
        }
        if events.len() >= EVENTS {
            events.truncate(EVENTS);
            templates.push(full_batch(request, std::mem::take(&mut events), templates.len())?);
        }
    }
    Ok(templates)
}

fn full_batch(
    mut request: Request,
    mut events: Vec<Value>,
    number: usize,
) -> Result<Template, Failure> {
    let sent_at = request.body["sentAt"].as_i64().unwrap_or_default();
    let mut ids = Vec::with_capacity(events.len());
    for (event, seq) in events.iter_mut().zip(1..) {
        let at = event["clientTs"].as_i64().unwrap_or_default().min(sent_at);
        let id: Uuid = serde_json::from_value(event["eventId"].clone())?;
        event["seq"] = json!(seq);
        event["clientTs"] = json!(at);
        ids.push(id);
    }
    let session = format!("batch_{number}");
    request.body =
        json!({"sessionId": session, "tabId": "tab", "sentAt": sent_at, "events": events});
    Template::new(&request, &session, &ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn body(outgoing: &Outgoing) -> Value {
        serde_json::from_slice(&outgoing.body).unwrap()
    }

    #[test]
    fn no_body_is_sent_twice_however_often_the_pool_is_gone_through() {
        let mut pool = Pool::of_visitors(300, now()).unwrap();
        let rounds = 5 * pool.templates.len();
        let mut named = HashSet::new();
        let mut events = 0;
        for _ in 0..rounds {
            let (outgoing, _) = pool.next();
            let body = body(&outgoing);
            let items = body["events"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
            for item in items.iter().filter(|item| item["eventId"].is_string()) {
                events += 1;
                named.insert((body["sessionId"].clone(), item["eventId"].clone()));
            }
        }
        assert!(events > 5000, "{events}");
        assert_eq!(named.len(), events);
        let first: HashSet<Bytes> =
            (0..2).map(|round| pool.templates[0].write(round).body).collect();
        assert_eq!(first.len(), 2);
    }

    #[test]
    fn a_session_has_another_name_in_every_round_and_everything_else_stays() {
        let pool = Pool::of_visitors(50, now()).unwrap();
        for template in &pool.templates {
            let [mut one, mut other] = [0, 7].map(|round| body(&template.write(round)));
            let [a, b] = [&mut one, &mut other].map(|body| body["sessionId"].take());
            assert_ne!(a, b);
            assert_eq!(one["tabId"], other["tabId"]);
            assert_eq!(
                one["events"].as_array().map(Vec::len),
                other["events"].as_array().map(Vec::len)
            );
        }
    }

    #[test]
    fn todays_front_end_sends_one_event_a_request_and_names_none() {
        let sessions = visitors(40, now()).unwrap();
        let bodies = |odd: usize| {
            let chosen = sessions.iter().enumerate().filter(move |(n, _)| n % 2 == odd);
            chosen.flat_map(|(_, session)| session.iter().map(|one| body(&one.write(0))))
        };
        assert!(bodies(1).all(|body| body["events"].is_null() && body["eventId"].is_null()));
        assert!(bodies(1).any(|body| body["interaction"]["eventType"].is_string()));
        assert!(bodies(0).any(|body| body["events"].as_array().is_some_and(|all| all.len() > 1)));
    }

    #[test]
    fn requests_of_many_visitors_alternate_and_keep_each_visitors_order() {
        let visitors = visitors(30, now()).unwrap();
        let count: usize = visitors.iter().map(Vec::len).sum();
        let first: Vec<_> = visitors[0].iter().map(|one| one.write(0).body).collect();
        let all = interleaved(visitors);
        assert_eq!(all.len(), count);
        let places: Vec<usize> = first
            .iter()
            .map(|body| all.iter().position(|one| one.write(0).body == *body).unwrap())
            .collect();
        assert!(places.is_sorted());
        assert!(first.len() < 2 || places[1] > 1);
    }

    #[test]
    fn a_full_batch_has_a_hundred_numbered_events() {
        let mut pool = Pool::of_full_batches(3, now()).unwrap();
        for _ in 0..6 {
            let (outgoing, events) = pool.next();
            let body = body(&outgoing);
            assert_eq!(events, 100);
            assert_eq!(body["events"][99]["seq"], 100);
        }
    }
}
