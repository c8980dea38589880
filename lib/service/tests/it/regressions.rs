//! Mistakes that were found once, each with the input that showed it.

use std::time::Duration;

use axum::http::StatusCode;
use nest_haus::platform::begin;
use nest_haus::testing::TestBed;
use nest_haus::tracking::ledger::{ledger, session_ledger};
use nest_haus_domain::tracking::SessionId;
use serde_json::{Value, json};

use super::events::batch;

const TRACK: &str = "/api/sessions/track-interaction";
const BATCH: &str = "/api/sessions/track-batch";

fn consent(session: &str, analytics: bool) -> Value {
    json!({"sessionId": session, "analyticsConsent": analytics,
        "marketingConsent": false, "functionalConsent": false})
}

fn click(session: &str) -> Value {
    json!({"sessionId": session, "interaction": {"eventType": "click", "category": "c"}})
}

async fn assert_closed(bed: &TestBed) {
    let report = ledger(&bed.app, true, bed.now()).await.unwrap();
    assert!(report.is_closed(), "{report:?}");
}

#[tokio::test]
async fn one_id_in_two_sessions_is_two_events_and_its_repetition_none() {
    let bed = TestBed::new().await;
    let first = batch("a", [1]);
    bed.post(BATCH, first.clone()).await;
    bed.drain().await;
    let (mut of_a, mut of_b) = (first["events"][0].clone(), first["events"][0].clone());
    of_a["sessionId"] = json!("a");
    of_b["sessionId"] = json!("b");
    bed.post(BATCH, json!({"tabId": "tab", "events": [of_a, of_b]})).await;
    bed.drain().await;
    let counts = "SELECT sum(interaction_count)::bigint FROM user_sessions";
    assert_eq!(bed.count(counts).await, 2);
    assert_eq!(bed.count("SELECT sum(duplicate)::bigint FROM ledger").await, 1);
    assert_closed(&bed).await;
}

#[tokio::test]
async fn a_refusal_of_consent_that_went_past_the_queue_holds() {
    let bed = TestBed::with(&[("QUEUE_ENTRIES_MAX", "1")]).await;
    let exit = json!({"sessionId": "s"});
    bed.post("/api/sessions/finalize", exit).await;
    bed.post("/api/sessions/update-consent", consent("s", false)).await;
    let refused = bed.post(BATCH, batch("s", [1])).await;
    assert_eq!(refused.body["rejected"][0]["code"], "consent_denied");
}

#[tokio::test]
async fn a_refusal_that_redis_never_heard_of_holds_at_the_drain() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/update-consent", consent("s", false)).await;
    bed.drain().await;
    let mut forget = redis::cmd("DEL");
    forget.arg(bed.app.redis.key("consent:s"));
    bed.app.redis.query::<i64>(&forget).await.unwrap();
    assert_eq!(bed.post(BATCH, batch("s", [1])).await.body["accepted"], 1);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 0);
    assert_eq!(bed.count("SELECT rejected FROM sequences").await, 1);
    assert_closed(&bed).await;
}

#[tokio::test]
async fn a_consent_that_redis_never_heard_of_is_found_in_the_database() {
    let bed = TestBed::with(&[("CONSENT_MODE", "required")]).await;
    bed.post("/api/sessions/update-consent", consent("s", true)).await;
    bed.drain().await;
    let mut forget = redis::cmd("DEL");
    forget.arg(bed.app.redis.key("consent:s"));
    bed.app.redis.query::<i64>(&forget).await.unwrap();
    assert_eq!(bed.post(BATCH, batch("s", [1])).await.body["accepted"], 1);
}

#[tokio::test]
async fn a_refused_event_keeps_its_place_in_the_ledger_whatever_field_is_bad() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=3);
    body["events"][1]["clientTs"] = json!("nope");
    let reply = bed.post(BATCH, body.clone()).await;
    assert_eq!(reply.body["rejected"][0]["id"], body["events"][1]["eventId"]);
    assert_eq!(reply.body["rejected"][0]["field"], "events[1].clientTs");
    let nested = json!({"tabId": "tab", "sentAt": "2026-11-21T12:00:00Z", "interaction":
        {"sessionId": "s", "seq": 4, "eventType": "click"}});
    assert_eq!(bed.post(TRACK, nested).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.drain().await;
    assert_eq!(bed.count("SELECT rejected FROM sequences").await, 2);
    assert_closed(&bed).await;
}

#[tokio::test]
async fn an_event_refused_after_it_was_stored_counts_as_stored() {
    let bed = TestBed::new().await;
    let body = batch("s", 1..=2);
    bed.post(BATCH, body.clone()).await;
    bed.drain().await;
    bed.post("/api/sessions/update-consent", consent("s", false)).await;
    bed.post(BATCH, body).await;
    bed.drain().await;
    assert_closed(&bed).await;
}

#[tokio::test]
async fn losses_of_one_tab_are_not_hidden_by_another() {
    let bed = TestBed::new().await;
    bed.post(BATCH, batch("lossy", [1, 3])).await;
    bed.post(BATCH, batch("fine", 1..=2)).await;
    bed.drain().await;
    // Another event under a number that is taken: a mistake of the client.
    bed.post(BATCH, batch("fine", [2])).await;
    bed.drain().await;
    let report = ledger(&bed.app, false, bed.now()).await.unwrap();
    assert_eq!((report.sequences.unknown, report.sequences.overcounted), (1, 1));
    let fine = SessionId::try_from("fine".to_owned()).unwrap();
    let fine = session_ledger(&bed.app, &fine).await.unwrap();
    assert_eq!(fine.tabs[0].sequences.overcounted, 1);
}

#[tokio::test]
async fn personal_data_is_sealed_in_lists_and_redacted_in_refusals() {
    let bed = TestBed::new().await;
    let listed = json!({"sessionId": "s", "interaction": {"eventType": "x", "category": "c",
        "additionalData": [{"customerEmail": "bob@example.com"}]}});
    assert_eq!(bed.post(TRACK, listed).await.status, StatusCode::OK);
    let typed = json!({"sessionId": "s", "interaction": {"eventType": "input", "category": "c",
        "elementId": "appointment_form_email", "selectionValue": "bob@example.com", "timeSpent": "x"}});
    assert_eq!(bed.post(TRACK, typed).await.status, StatusCode::BAD_REQUEST);
    let number = json!({"sessionId": "s", "userData": {"phone": 436_641_234_567_i64}});
    let refused = bed.post("/api/sessions/update-user-data", number).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    bed.drain().await;
    for table in ["interaction_events", "dead_letters"] {
        let query = format!("SELECT count(*) FROM {table} WHERE {table}::text ~ 'bob@|436641'");
        assert_eq!(bed.count(&query).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_batch_of_several_sessions_claims_none_of_them() {
    let bed = TestBed::new().await;
    let events = json!({"events": [
        {"sessionId": "a", "eventType": "click", "category": "c"},
        {"sessionId": "b", "eventType": "click", "category": "c"},
    ]});
    assert_eq!(bed.post(BATCH, events).await.cookie(), None);
    let own = bed.post(TRACK, click("a")).await.cookie().expect("the first client of its own");
    let journey = bed.get_as("/api/sessions/get-journey?sessionId=a", &own).await;
    assert_eq!(journey.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_database_nobody_is_a_sessions_own_client() {
    let bed = TestBed::with(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let own = bed.post(TRACK, click("a")).await.cookie().unwrap();
    let session = bed.get_as("/api/sessions/get-session?sessionId=a", &own).await;
    assert_eq!(session.status, StatusCode::OK);
    let journey = bed.get_as("/api/sessions/get-journey?sessionId=a", &own).await;
    assert_eq!(journey.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn connections_that_were_idle_too_long_are_no_reason_to_fail() {
    let bed = TestBed::new().await;
    let kill = || async {
        // The bed's own connection only: other tests use the same server.
        let mut id = redis::cmd("CLIENT");
        id.arg("ID");
        let id: i64 = bed.app.redis.query(&id).await.unwrap();
        let client = redis::Client::open(std::env::var("REDIS_URL").unwrap()).unwrap();
        let mut other = client.get_multiplexed_async_connection().await.unwrap();
        let killed: i64 = redis::cmd("CLIENT")
            .arg("KILL")
            .arg("ID")
            .arg(id)
            .query_async(&mut other)
            .await
            .unwrap();
        assert_eq!(killed, 1);
    };
    bed.post(BATCH, batch("s", [1])).await;
    kill().await;
    assert_eq!(bed.post(BATCH, batch("s", [2])).await.status, StatusCode::ACCEPTED);
    assert_eq!(bed.count("SELECT count(*) FROM direct_entries").await, 0, "through the queue");
    kill().await;
    assert_eq!(bed.get("/api/cron/sync-interactions").await.status, StatusCode::OK);
    kill().await;
    assert_eq!(bed.get("/api/sessions/get-session?sessionId=s").await.status, StatusCode::OK);
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 2);
}

#[tokio::test]
async fn a_register_of_a_later_release_stops_nothing() {
    let bed = TestBed::new().await;
    bed.post(TRACK, click("s")).await;
    bed.drain().await;
    let later = "UPDATE session_facts SET facts = facts
        || jsonb_build_object('laterRegister', facts -> 'lastActivity')";
    sqlx::query(later).execute(&bed.app.db).await.unwrap();
    bed.post(TRACK, click("s")).await;
    assert_eq!(bed.drain().await[0].stored, 1);
    assert_eq!(
        bed.count("SELECT count(*) FROM session_facts WHERE facts ? 'laterRegister'").await,
        1
    );
}

#[tokio::test]
async fn leaving_by_an_exit_interaction_is_leaving_too() {
    let bed = TestBed::new().await;
    bed.post(TRACK, click("s")).await;
    bed.post("/api/sessions/finalize", json!({"sessionId": "s"})).await;
    let exit =
        json!({"sessionId": "s", "interaction": {"eventType": "page_exit", "category": "content"}});
    bed.post(TRACK, exit).await;
    let session = bed.get("/api/sessions/get-session?sessionId=s").await;
    assert_eq!(session.body["session"]["status"], "ABANDONED");
}

#[tokio::test]
async fn a_stream_that_was_deleted_does_not_count_as_full() {
    let bed = TestBed::with(&[("QUEUE_BYTES_MAX", "2000")]).await;
    for seq in 1..=10 {
        bed.post(BATCH, batch("s", [seq])).await;
        let mut delete = redis::cmd("DEL");
        delete.arg(bed.app.redis.key("q:interactions"));
        assert_eq!(bed.app.redis.query::<i64>(&delete).await.unwrap(), 1, "event {seq} not queued");
    }
}

#[tokio::test]
async fn todays_client_is_not_told_that_a_refused_event_was_tracked() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/update-consent", consent("s", false)).await;
    let reply = bed.post(TRACK, click("s")).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["reason"], "consent_denied");
    assert!(reply.body.get("data").is_none(), "{}", reply.text);
    let metric = json!({"sessionId": "s", "metricName": "LCP", "value": 1});
    assert_eq!(bed.post("/api/performance/track", metric).await.body["accepted"], 0);
}

#[tokio::test]
async fn a_batch_of_todays_client_without_a_valid_event_says_which_sessions_failed() {
    let bed = TestBed::new().await;
    let reply =
        bed.post(BATCH, json!({"events": [{"sessionId": "s", "eventType": "click"}]})).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["data"]["eventsProcessed"], 0);
    assert_eq!(reply.body["data"]["failedSessions"], 1);
    assert_eq!(reply.body["data"]["results"][0]["success"], false);
}

#[tokio::test]
async fn metrics_that_are_named_get_their_own_results() {
    let bed = TestBed::new().await;
    let id = uuid::Uuid::now_v7();
    let body = json!({"metrics": [{"metricName": "LCP", "value": 1, "eventId": id}, {"value": 2}]});
    let reply = bed.post("/api/performance/track", body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.body["rejected"][0]["field"], "metrics[1].metricName");
    let invalid = json!({"metrics": [{"value": 2, "eventId": id}]});
    let reply = bed.post("/api/performance/track", invalid).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_query_string_that_cannot_be_read_is_a_problem_like_any_other() {
    let bed = TestBed::new().await;
    let reply = bed.get("/api/sessions/get-session?sessionId=a&sessionId=b").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn an_entry_stored_directly_that_is_in_the_queue_too_counts_once() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=2);
    body["events"][1]["category"] = json!(null);
    bed.post(BATCH, body).await;
    let mut read = redis::cmd("XRANGE");
    read.arg(bed.app.redis.key("q:interactions")).arg("-").arg("+");
    let entries: Vec<(String, Vec<String>)> = bed.app.redis.query(&read).await.unwrap();
    bed.drain().await;
    // The same entry at a later place, as a repeated append would leave it.
    let mut again = redis::cmd("XADD");
    again.arg(bed.app.redis.key("q:interactions")).arg("*").arg(&entries[0].1);
    bed.app.redis.query::<String>(&again).await.unwrap();
    bed.drain().await;
    assert_eq!(bed.count("SELECT received FROM ledger").await, 2);
    assert_eq!(bed.count("SELECT duplicate FROM ledger").await, 0);
    assert_eq!(bed.count("SELECT rejected FROM sequences").await, 1);
}

#[tokio::test]
async fn partitions_that_cannot_be_made_do_not_stop_a_drain() {
    let bed = TestBed::new().await;
    bed.post(BATCH, batch("s", 1..=2)).await;
    let mut reader = bed.app.db.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM performance_metrics").execute(&mut *reader).await.unwrap();
    assert_eq!(bed.get("/api/cron/sync-interactions").await.body["report"]["stored"], 2);
}

#[tokio::test]
async fn a_number_that_cannot_be_read_back_does_not_stop_the_drain() {
    let bed = TestBed::new().await;
    let with = |price: f64| json!({"sessionId": "s", "currentPrice": 1, "configuration": {"nest": {"price": price}}});
    let refused = bed.post("/api/sessions/sync", with(f64::MAX)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["field"], "body.configuration.nest.price");
    assert_eq!(refused.body["errors"][0]["code"], "out_of_range");
    for _ in 0..2 {
        let kept = bed.post("/api/sessions/sync", with(1e300)).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
        bed.drain().await;
    }
    assert_eq!(bed.count("SELECT count(*) FROM configuration_snapshots").await, 2);
    assert_closed(&bed).await;
}

#[tokio::test]
async fn a_measurement_cannot_make_averages_impossible() {
    let bed = TestBed::new().await;
    let path = "/api/performance/track";
    let reply = bed.post(path, json!({"metricName": "LCP", "value": 1e200, "sentAt": 1})).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "value");
    let reply = bed.post(path, json!({"metricName": "LCP", "value": -1e15})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

/// A request that is cancelled while it begins a transaction must not leave its connection inside one:
/// what the next one writes without a transaction would be lost with the connection.
#[tokio::test]
async fn a_transaction_that_is_given_up_while_it_begins_takes_nothing_along() {
    let bed = TestBed::with(&[("DATABASE_POOL_MAX", "1")]).await;
    bed.app.db.acquire().await.unwrap();
    for polls in 1.. {
        let mut beginning = Box::pin(begin(&bed.app.db));
        let mut has_begun = false;
        for _ in 0..polls {
            has_begun = has_begun || futures::poll!(&mut beginning).is_ready();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(beginning);
        let write = "INSERT INTO feature_flags VALUES ($1, true, now(), 'test')";
        sqlx::query(write).bind(format!("{polls}")).execute(&bed.app.db).await.unwrap();
        let no_transaction = "SELECT pg_current_xact_id_if_assigned() IS NULL";
        let alone: bool = sqlx::query_scalar(no_transaction).fetch_one(&bed.app.db).await.unwrap();
        assert!(alone, "given up after {polls} polls, the connection is inside a transaction");
        if has_begun {
            break;
        }
    }
}
