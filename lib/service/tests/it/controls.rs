//! Safeguards: tracking that is switched off, tracking that waits while the system is busy, limits.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use nest_haus::platform::App;
use nest_haus::service::Service;
use nest_haus::testing::{Reply, TestBed};
use nest_haus::{endpoints, tracking::controls};
use serde_json::{Value, json};
use std::time::Duration;

const TRACK: &str = "/api/sessions/track-interaction";
const BATCH: &str = "/api/sessions/track-batch";

/// One event of each kind, as a client that numbers its events sends them.
fn batch(first: i64) -> Value {
    let types = ["click", "selection", "hover", "scroll", "page_visit", "category_opened"];
    let events: Vec<Value> = (first..)
        .zip(types)
        .map(|(seq, event_type)| {
            json!({"seq": seq, "eventId": uuid::Uuid::now_v7(), "eventType": event_type,
                "category": "nest", "selectionValue": "nest80"})
        })
        .collect();
    json!({"sessionId": "s", "tabId": "t", "emitted": first + 5, "sentAt": "2026-11-21T21:16:28Z",
        "events": events})
}

fn refused(reply: &Reply) -> Vec<(u64, &str)> {
    let rejected = reply.body["rejected"].as_array().unwrap();
    let one = |item: &'_ Value| item["index"].as_u64().unwrap();
    rejected.iter().map(|item| (one(item), item["code"].as_str().unwrap())).collect()
}

async fn switch(bed: &TestBed, flags: Value) -> Reply {
    let reply = bed.send_as_admin("PUT", "/api/admin/flags", json!({"flags": flags})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply
}

/// Requests that took 300 ms each.
fn slow(app: &App, requests: usize) {
    let mut times = app.accept_times.lock().unwrap();
    for _ in 0..requests {
        times.note(app.clock.now(), Duration::from_millis(300));
    }
}

fn request(path: &str, body: &Value) -> Request<Body> {
    Request::post(path).body(body.to_string().into()).unwrap()
}

#[tokio::test]
async fn tracking_that_is_switched_off_is_refused_at_once_and_counted() {
    let bed = TestBed::new().await;
    assert_eq!(bed.post(BATCH, batch(1)).await.body["accepted"], 6);
    let reply = switch(&bed, json!({"hover": false, "clicks": false})).await;
    assert_eq!(reply.body["published"], true);
    let reply = bed.post(BATCH, batch(7)).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    assert_eq!(reply.body["accepted"], 4);
    assert_eq!(refused(&reply), [(0, "tracking_off"), (2, "tracking_off")]);
    assert_eq!(reply.body["sampling"], json!({"clicks": 0.0, "hover": 0.0}));
    assert!(!reply.headers.contains_key("retry-after"));
    switch(&bed, json!({"hover": true, "clicks": true})).await;
    let reply = bed.post(BATCH, batch(13)).await;
    assert_eq!((&reply.body["accepted"], reply.body.get("sampling")), (&json!(6), None));
    bed.drain().await;
    let ledger = bed.get_as_admin("/api/admin/analytics/data-quality?timeRange=24h").await.body;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 16);
    assert_eq!(bed.count("SELECT rejected FROM sequences").await, 2, "{ledger}");
    assert_eq!(bed.count("SELECT emitted - stored - rejected FROM sequences").await, 0);
    assert_eq!(
        bed.count("SELECT count(*) FROM dead_letters WHERE payload <> ''").await,
        0,
        "nothing is kept of what nobody wants"
    );
}

#[tokio::test]
async fn todays_client_is_told_in_its_words_and_orders_are_kept_whatever_is_off() {
    let bed = TestBed::new().await;
    let every = ["clicks", "selections", "hover", "scroll", "page_visits", "other_interactions"];
    let every = every.into_iter().chain(["configurations", "performance"]);
    switch(&bed, every.map(|name| (name.to_owned(), json!(false))).collect()).await;
    let click = json!({"sessionId": "s", "interaction": {"eventType": "click", "category": "c"}});
    let reply = bed.post(TRACK, click).await;
    assert_eq!(
        (reply.status, &reply.body["message"], &reply.body["reason"]),
        (StatusCode::OK, &json!("Not tracked"), &json!("tracking_off"))
    );
    let configuration = json!({"nest": "nest80"});
    let sync = json!({"sessionId": "s", "configuration": configuration, "currentPrice": 1});
    assert_eq!(bed.post("/api/sessions/sync", sync).await.body["reason"], "tracking_off");
    let cart = json!({"sessionId": "s", "configuration": configuration, "totalPrice": 1});
    let cart = bed.post("/api/sessions/track-cart-add", cart).await;
    assert_eq!((cart.status, cart.body.get("reason")), (StatusCode::OK, None), "{}", cart.text);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM configuration_snapshots").await, 1);
    let status = bed.get("/api/sessions/get-session?sessionId=s").await;
    assert_eq!(status.status, StatusCode::OK);
}

#[tokio::test]
async fn flags_are_audited_survive_the_loss_of_redis_and_name_what_they_do_not_know() {
    let bed = TestBed::new().await;
    switch(&bed, json!({"scroll": false})).await;
    let audit = bed.get_as_admin("/api/admin/audit").await.body;
    assert!(audit.to_string().contains("flags.change"), "{audit}");
    let key = bed.app.redis.key("flags");
    let gone: i64 = bed.app.redis.query(redis::cmd("DEL").arg(key)).await.unwrap();
    assert_eq!(gone, 1);
    assert_eq!(bed.post(BATCH, batch(1)).await.body["accepted"], 6);
    bed.get("/api/cron/sync-performance").await;
    assert_eq!(bed.post(BATCH, batch(7)).await.body["accepted"], 5);
    let reply =
        bed.send_as_admin("PUT", "/api/admin/flags", json!({"flags": {"sroll": false}})).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text);
    assert!(reply.text.contains("sroll"), "{}", reply.text);
    let flags = bed.get_as_admin("/api/admin/flags").await.body["flags"].clone();
    let off = flags.as_array().unwrap().iter().filter(|flag| flag["enabled"] == false);
    let off: Vec<(&Value, &Value)> = off.map(|flag| (&flag["name"], &flag["changedBy"])).collect();
    assert_eq!(off, [(&json!("scroll"), &json!("api-key:tests"))]);
}

#[tokio::test]
async fn while_accepting_is_slow_hover_and_scroll_wait_in_every_process() {
    let bed = TestBed::new().await;
    let other = App::new(bed.app.config.clone(), bed.app.clock.clone()).unwrap();
    let other = Service::new(endpoints::ALL, other);
    slow(&bed.app, 10);
    bed.send_and_work(request(BATCH, &batch(1))).await;
    assert_eq!(
        bed.post(BATCH, batch(7)).await.body["accepted"],
        6,
        "few slow requests are no reason"
    );
    slow(&bed.app, 20);
    bed.send_and_work(request(BATCH, &batch(13))).await;
    for (service, first) in [(&bed.service, 19), (&other, 25)] {
        let answer = service.call(request(BATCH, &batch(first))).await;
        let wait: u64 = answer.response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let reply = Reply::read(answer.response).await;
        assert_eq!(refused(&reply), [(2, "tracking_paused"), (3, "tracking_paused")]);
        assert_eq!(reply.body["sampling"], json!({"hover": 0.0, "scroll": 0.0}));
    }
    assert_ne!(bed.get_as_admin("/api/admin/flags").await.body["pausedUntil"], Value::Null);
    bed.advance(TimeDelta::seconds(61));
    assert_eq!(bed.post(BATCH, batch(31)).await.body["accepted"], 6, "it ends by itself");
    assert_eq!(controls::should_pause(&bed.app), None);
}

fn field<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers[name].to_str().unwrap()
}

#[tokio::test]
async fn limits_are_told_before_they_are_reached_and_when_they_are() {
    let limits = [("RATE_LIMIT_PER_MINUTE", "5"), ("RATE_LIMIT_PER_SESSION_PER_MINUTE", "2")];
    let bed = TestBed::with(&limits).await;
    let click = |session: &str| json!({"sessionId": session, "interaction": {"eventType": "click", "category": "c"}});
    let first = bed.post(TRACK, click("a")).await;
    assert_eq!(field(&first, "ratelimit-policy"), "\"address\";q=5;w=60, \"session\";q=2;w=60");
    assert_eq!(field(&first, "ratelimit"), "\"address\";r=4;t=60, \"session\";r=1;t=60");
    bed.post(TRACK, click("a")).await;
    let third = bed.post(TRACK, click("a")).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(field(&third, "ratelimit-policy"), "\"session\";q=2;w=60");
    assert!(field(&third, "ratelimit").starts_with("\"session\";r=0;t="));
    assert!(third.headers.contains_key("retry-after"));
    let other = bed.post(TRACK, click("b")).await;
    assert_eq!(other.status, StatusCode::OK, "one session's limit is not another's");
    let read = bed.get("/api/health").await;
    assert_eq!(read.status, StatusCode::OK);
    assert!(field(&read, "ratelimit").starts_with("\"address\";r=0;t="));
    let limited = bed.get("/api/health").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(field(&limited, "ratelimit-policy"), "\"address\";q=5;w=60");
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 3);
}
