//! First numbers: live at once, historical after the drain.

use axum::http::StatusCode;
use nest_haus::testing::TestBed;
use serde_json::json;

use super::events::batch;

#[tokio::test]
async fn activity_is_live_at_once_and_historical_after_the_drain() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("a", 1..=3)).await;
    bed.post(
        "/api/sessions/track-cart-add",
        json!({"sessionId": "b", "configuration": {"nest": "nest80"}, "totalPrice": 250_000}),
    )
    .await;
    bed.post("/api/performance/track", json!({"sessionId": "c", "metricName": "LCP", "value": 1}))
        .await;
    let live = bed.get_as_admin("/api/admin/analytics/real-time").await.body;
    assert_eq!(live["activeNow"], 2, "a measurement is no activity: {live}");
    assert_eq!(live["queueDepth"], 3);
    assert!(live["oldestUnprocessedS"].is_i64());
    let empty = bed.get_as_admin("/api/admin/analytics/overview?timeRange=7d").await.body;
    assert_eq!(empty["current"]["visits"], 0);
    assert_eq!(empty["current"]["sessionConversion"]["micro"]["value"], json!(null));
    bed.drain().await;
    let live = bed.get_as_admin("/api/admin/analytics/real-time").await.body;
    assert_eq!((&live["activeNow"], &live["queueDepth"]), (&json!(2), &json!(0)));
    assert!(live["ingestLagP95"].as_f64().unwrap() >= 0.0);
    let overview = bed.get_as_admin("/api/admin/analytics/overview?timeRange=7d").await.body;
    let current = &overview["current"];
    assert_eq!(current["visits"], 2, "measurements alone are no visit");
    assert_eq!((&current["interactions"], &current["carts"]), (&json!(3), &json!(1)));
    assert_eq!(current["sessionConversion"]["micro"]["num"], 1);
    assert_eq!(current["sessionConversion"]["micro"]["den"], 2);
    assert_eq!(current["configuratorConversion"]["micro"]["den"], 0, "nothing was selected");
    for field in [
        "metricId",
        "metricVersion",
        "tz",
        "from",
        "to",
        "asOf",
        "watermark",
        "partial",
        "excluded",
        "sampled",
        "approx",
        "warnings",
    ] {
        assert!(!overview["meta"][field].is_null(), "meta has no {field}");
    }
}

#[tokio::test]
async fn sessions_end_being_live_after_five_minutes_and_move_to_the_previous_period() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/track-batch", batch("a", 1..=1)).await;
    bed.drain().await;
    bed.advance(chrono::TimeDelta::seconds(299));
    assert_eq!(bed.get_as_admin("/api/admin/analytics/real-time").await.body["activeNow"], 1);
    bed.advance(chrono::TimeDelta::seconds(3));
    assert_eq!(bed.get_as_admin("/api/admin/analytics/real-time").await.body["activeNow"], 0);
    bed.advance(chrono::TimeDelta::days(8));
    let overview = bed.get_as_admin("/api/admin/analytics/overview?timeRange=7d").await.body;
    assert_eq!(overview["current"]["visits"], 0);
    assert_eq!(overview["previous"]["visits"], 1);
}

#[tokio::test]
async fn who_refused_to_be_analysed_is_left_out_and_counted_as_left_out() {
    let bed = TestBed::new().await;
    let consent = json!({"sessionId": "no", "analyticsConsent": false, "marketingConsent": false, "functionalConsent": false});
    bed.post("/api/sessions/update-consent", consent).await;
    bed.post("/api/sessions/track-batch", batch("yes", 1..=1)).await;
    bed.drain().await;
    let overview = bed.get_as_admin("/api/admin/analytics/overview").await.body;
    assert_eq!(overview["current"]["visits"], 1);
    assert_eq!(overview["meta"]["excluded"]["noConsent"], 1);
}

#[tokio::test]
async fn an_unknown_range_is_refused_with_what_is_allowed() {
    let bed = TestBed::new().await;
    let reply = bed.get_as_admin("/api/admin/analytics/overview?timeRange=1y").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.body["errors"][0]["field"], "timeRange");
    assert!(reply.text.contains("timeRange"), "{}", reply.text);
    assert!(reply.text.contains("90d"));
}

#[tokio::test]
async fn health_looks_at_everything_on_demand() {
    let bed = TestBed::new().await;
    let plain = bed.get("/api/health").await;
    assert_eq!((plain.status, &plain.body["status"]), (StatusCode::OK, &json!("ok")));
    let deep = bed.get("/api/health?deep=1").await;
    assert_eq!(deep.status, StatusCode::OK, "{}", deep.text);
    let names: Vec<_> =
        deep.body["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect();
    assert_eq!(names, ["postgres", "redis", "queue"]);
    bed.post("/api/sessions/track-batch", batch("a", 1..=1)).await;
    bed.advance(chrono::TimeDelta::hours(1));
    let old = bed.get("/api/health?deep=1").await;
    assert_eq!(old.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(old.body["checks"][2]["ok"], false);
}

#[tokio::test]
async fn the_description_of_the_api_is_served() {
    let bed = TestBed::new().await;
    let reply = bed.get("/api/openapi.json").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body["paths"]["/api/sessions/track"]["post"].is_object());
}
