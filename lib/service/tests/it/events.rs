//! Events on their way in: answers, identity, order, time.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};
use uuid::Uuid;

/// A batch of numbered clicks of one tab.
pub(crate) fn batch(session: &str, seqs: impl IntoIterator<Item = i64>) -> Value {
    let events: Vec<Value> = seqs
        .into_iter()
        .map(|seq| {
            json!({
                "eventId": Uuid::now_v7(), "seq": seq, "eventType": "click", "category": "button",
                "elementId": format!("e{seq}"), "ageMs": 0,
            })
        })
        .collect();
    json!({"sessionId": session, "tabId": "tab", "events": events})
}

/// What is stored of a session, in the order of events.
pub(crate) async fn stored_elements(bed: &TestBed, session: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT element_id FROM interaction_events JOIN user_sessions USING (session_key)
         WHERE session_id = $1 ORDER BY occurred_at, seq, event_id",
    )
    .bind(session)
    .fetch_all(&bed.app.db)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_interaction_of_todays_client_is_stored_and_answered_in_its_words() {
    let bed = TestBed::new().await;
    let reply = bed
        .post(
            "/api/sessions/track-interaction",
            json!({"sessionId": "client_1_a", "interaction": {
                "eventType": "click", "category": "button", "elementId": "Zum Warenkorb",
                "selectionValue": "a\nb €", "timeSpent": 12.7,
                "deviceInfo": {"type": "desktop", "width": 1440, "height": 900},
                "additionalData": {"kept": [1, {"x": null}]}, "unknown": {"is": "tolerated"},
            }}),
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body["success"], true);
    assert_eq!(reply.body["message"], "Interaction tracked successfully");
    assert_eq!(reply.body["data"]["sessionId"], "client_1_a");
    assert_eq!(reply.body["data"]["eventType"], "click");
    assert!(reply.body["data"]["timestamp"].as_str().unwrap().ends_with('Z'));
    bed.drain().await;
    let row: Value =
        sqlx::query_scalar("SELECT to_jsonb(interaction_events) FROM interaction_events")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
    assert_eq!(row["selection_value"], "a\nb €");
    assert_eq!(row["time_spent_ms"], 13);
    assert_eq!(row["device_type"], "desktop");
    assert_eq!(row["viewport_width"], 1440);
    assert_eq!(row["additional_data"], json!({"kept": [1, {"x": null}]}));
    assert_eq!(row["id_source"], "server");
}

#[tokio::test]
async fn a_client_that_names_its_events_learns_what_became_of_each() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=4);
    body["events"][1]["category"] = json!(null);
    body["events"][3] = body["events"][0].clone();
    let reply = bed.post("/api/sessions/track-batch", body.clone()).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.body["accepted"], 2);
    assert_eq!(reply.body["duplicate"], 1);
    assert_eq!(reply.body["nextSeqHint"], 4);
    let rejected = reply.body["rejected"].as_array().unwrap();
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0]["index"], 1);
    assert_eq!(rejected[0]["id"], body["events"][1]["eventId"]);
    assert_eq!(rejected[0]["code"], "required");
    assert_eq!(rejected[0]["field"], "events[1].category");
    bed.drain().await;
    assert_eq!(stored_elements(&bed, "s").await, ["e1", "e3"]);
    let letter: (String, String, i64) =
        sqlx::query_as("SELECT stage::text, field, seq FROM dead_letters")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
    assert_eq!(letter, ("rejected".to_owned(), "events[1].category".to_owned(), 2));
}

#[tokio::test]
async fn one_bad_event_in_a_batch_of_todays_client_does_not_take_others_with_it() {
    let bed = TestBed::new().await;
    let reply = bed
        .post(
            "/api/sessions/track-batch",
            json!({"events": [
                {"sessionId": "a", "eventType": "click", "category": "c"},
                {"sessionId": "a", "eventType": "click"},
                {"sessionId": "b", "eventType": "scroll", "category": "c", "timeSpent": 10.6},
            ]}),
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK);
    let data = &reply.body["data"];
    assert_eq!(data["totalEvents"], 3);
    assert_eq!(data["eventsProcessed"], 2);
    assert_eq!(data["failedSessions"], 1);
    assert_eq!(data["results"][1]["sessionId"], "b");
    assert_eq!(data["results"][1]["success"], true);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 2);
}

#[tokio::test]
async fn events_sent_again_are_stored_once() {
    let bed = TestBed::new().await;
    let body = batch("s", 1..=20);
    for _ in 0..2 {
        bed.post("/api/sessions/track-batch", body.clone()).await;
    }
    bed.drain().await;
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 20);
    assert_eq!(bed.count("SELECT duplicate FROM ledger").await, 40);
    assert_eq!(bed.count("SELECT interaction_count FROM user_sessions").await, 20);
}

#[tokio::test]
async fn batches_out_of_order_end_up_in_the_order_of_the_visitor() {
    let bed = TestBed::new().await;
    let times = |at: &str| json!({"clientTs": at, "sentAt": "2026-11-21T12:00:00Z"});
    for (seq, at) in
        [(3, "2026-11-21T11:59:57Z"), (1, "2026-11-21T11:59:50Z"), (2, "2026-11-21T11:59:55Z")]
    {
        let mut body = batch("s", [seq]);
        let event = body["events"][0].as_object_mut().unwrap();
        event.remove("ageMs");
        event.extend(times(at).as_object().unwrap().clone());
        assert_eq!(bed.post("/api/sessions/track-batch", body).await.status, StatusCode::ACCEPTED);
        bed.drain().await;
    }
    assert_eq!(stored_elements(&bed, "s").await, ["e1", "e2", "e3"]);
}

#[tokio::test]
async fn wrong_clocks_are_corrected_and_nothing_happens_in_the_future() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=4);
    let events = body["events"].as_array_mut().unwrap();
    for event in events.iter_mut() {
        event.as_object_mut().unwrap().remove("ageMs");
    }
    // A clock a year ahead, one at 1970, a step back while sending, and no sending time at all.
    events[0].as_object_mut().unwrap().extend(
        json!({"clientTs": "2030-01-01T00:00:00Z", "sentAt": "2030-01-01T00:00:10Z"})
            .as_object()
            .unwrap()
            .clone(),
    );
    events[1]
        .as_object_mut()
        .unwrap()
        .extend(json!({"clientTs": 0, "sentAt": 60_000}).as_object().unwrap().clone());
    events[2].as_object_mut().unwrap().extend(
        json!({"clientTs": "2026-01-02T00:00:00Z", "sentAt": "2026-01-01T00:00:00Z"})
            .as_object()
            .unwrap()
            .clone(),
    );
    events[3]["clientTs"] = json!("2090-01-01T00:00:00Z");
    let before = bed.now();
    assert_eq!(bed.post("/api/sessions/track-batch", body).await.body["accepted"], 4);
    bed.drain().await;
    let ages: Vec<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM received_at - occurred_at)::float8
         FROM interaction_events ORDER BY seq",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    assert_eq!(ages, [10.0, 60.0, 0.0, 0.0]);
    let received: DateTime<Utc> =
        sqlx::query_scalar("SELECT min(received_at) FROM interaction_events")
            .fetch_one(&bed.app.db)
            .await
            .unwrap();
    assert!((received - before).abs() < TimeDelta::seconds(5));
}

#[tokio::test]
async fn late_events_are_kept_and_marked_and_are_not_live() {
    let bed = TestBed::new().await;
    let mut body = batch("s", [1]);
    body["events"][0]["ageMs"] = json!(8.0 * 86_400_000.0);
    bed.post("/api/sessions/track-batch", body).await;
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events WHERE late").await, 1);
    let live = bed.get_as_admin("/api/admin/analytics/real-time").await;
    assert_eq!(live.body["activeNow"], 0);
}

#[tokio::test]
async fn an_id_with_an_absurd_time_in_it_is_stored_once_all_the_same() {
    let bed = TestBed::new().await;
    for id in ["ffffffff-ffff-7fff-bfff-ffffffffffff", "00000000-0000-7000-8000-000000000000"] {
        let mut body = batch("s", [1]);
        body["events"][0]["eventId"] = json!(id);
        for _ in 0..2 {
            let reply = bed.post("/api/sessions/track-batch", body.clone()).await;
            assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
            bed.drain().await;
        }
    }
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events_default").await, 2);
    assert_eq!(bed.count("SELECT count(*) FROM dead_letters").await, 0);
}

#[tokio::test]
async fn metrics_are_kept_with_and_without_a_session() {
    let bed = TestBed::new().await;
    let one = json!({"metricName": "LCP", "value": 1834.5, "additionalData": {"id": "v1"}});
    assert_eq!(bed.post("/api/performance/track", one).await.status, StatusCode::OK);
    let many = json!({"sessionId": "s", "metrics": [
        {"metricName": "CLS", "value": 0.02}, {"metricName": "INP"}, {"metricName": "TTFB", "value": 90},
    ]});
    let reply = bed.post("/api/performance/track", many).await;
    assert_eq!(reply.body["accepted"], 2);
    assert_eq!(reply.body["rejected"], 1);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM performance_metrics").await, 3);
    assert_eq!(
        bed.count("SELECT count(*) FROM performance_metrics WHERE session_key IS NULL").await,
        1
    );
    assert_eq!(bed.count("SELECT metric_count FROM user_sessions").await, 2);
}

#[tokio::test]
async fn todays_selection_event_becomes_an_interaction_with_its_price() {
    let bed = TestBed::new().await;
    let body = json!({"sessionId": "s", "category": "nest", "selection": "nest120", "totalPrice": 351_924});
    let reply = bed.post("/api/sessions/track", body).await;
    assert_eq!((reply.status, &reply.body["success"]), (StatusCode::OK, &json!(true)));
    assert!(reply.body["timestamp"].is_i64());
    bed.drain().await;
    let row: (String, String, String, i64) = sqlx::query_as(
        "SELECT event_type, category, selection_value, total_price_cents FROM interaction_events",
    )
    .fetch_one(&bed.app.db)
    .await
    .unwrap();
    assert_eq!(row, ("selection".into(), "nest".into(), "nest120".into(), 35_192_400));
}

#[tokio::test]
async fn partitions_take_over_what_waited_in_the_default_one() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("s", 1..=3)).await;
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events_default").await, 3);
    let made = nest_haus::operations::ensure_partitions(&bed.app, bed.now()).await.unwrap();
    assert_eq!(made, 16);
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events_default").await, 0);
    assert_eq!(stored_elements(&bed, "s").await, ["e1", "e2", "e3"]);
    assert_eq!(nest_haus::operations::ensure_partitions(&bed.app, bed.now()).await.unwrap(), 0);
}
