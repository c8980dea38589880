//! Live numbers: who is there, what they configure, and when an answer says nothing new.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use nest_haus::testing::{ADMIN_KEY, TestBed};
use serde_json::{Value, json};

const REAL_TIME: &str = "/api/admin/analytics/real-time";

async fn visit(bed: &TestBed, session: &str, page: &str, device: &str) {
    let body = json!({"sessionId": session, "interaction": {"eventType": "page_visit",
        "category": "navigation", "selectionValue": page,
        "deviceInfo": {"type": device, "width": 400, "height": 800}}});
    assert_eq!(bed.post("/api/sessions/track-interaction", body).await.status, StatusCode::OK);
}

async fn sync(bed: &TestBed, session: &str, configuration: Value) {
    let body = json!({"sessionId": session, "configuration": configuration, "currentPrice": 1});
    assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::OK);
}

async fn ask(bed: &TestBed, etag: &str) -> (StatusCode, String) {
    let request = Request::get(REAL_TIME)
        .header("authorization", format!("Bearer {ADMIN_KEY}"))
        .header("if-none-match", etag);
    let reply = bed.send(request.body(Body::empty()).unwrap()).await;
    (reply.status, reply.headers["etag"].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn who_is_configuring_is_known_before_and_after_the_drain() {
    let bed = TestBed::new().await;
    visit(&bed, "a", "/konfigurator?x=1", "mobile").await;
    sync(&bed, "a", json!({"nest": "nest80"})).await;
    visit(&bed, "b", "/", "desktop").await;
    bed.advance(chrono::TimeDelta::seconds(1));
    let cart = json!({"sessionId": "c", "configuration": {"nest": "nest80"}, "totalPrice": 1});
    bed.post("/api/sessions/track-cart-add", cart).await;
    let before = bed.get_as_admin(REAL_TIME).await.body;
    bed.drain().await;
    sync(&bed, "a", json!({"nest": "nest100"})).await;
    let after = bed.get_as_admin(REAL_TIME).await.body;
    for (live, price) in [(&before, 23_744_500), (&after, 28_335_400)] {
        assert_eq!((&live["activeNow"], &live["stale"]), (&json!(3), &json!(false)));
        let configuring = live["configuring"].as_array().unwrap();
        assert_eq!(configuring.len(), 2);
        let of = |id| configuring.iter().find(|session| session["sessionId"] == id).unwrap();
        assert_eq!(of("a")["page"], "/konfigurator");
        assert_eq!(of("a")["device"], "mobile");
        assert_eq!(of("a")["status"], "ACTIVE");
        assert_eq!(of("c")["status"], "IN_CART");
        let pages = json!([{"value": "(not set)", "sessions": 1}, {"value": "/", "sessions": 1},
            {"value": "/konfigurator", "sessions": 1}]);
        assert_eq!(live["activeByPage"], pages);
        assert_eq!(of("a")["priceCents"], price, "the latest may still be in the queue");
    }
}

#[tokio::test]
async fn a_poll_without_news_is_answered_without_a_body() {
    let bed = TestBed::new().await;
    visit(&bed, "a", "/", "desktop").await;
    let (status, etag) = ask(&bed, "").await;
    assert_eq!(status, StatusCode::OK);
    bed.advance(chrono::TimeDelta::seconds(30));
    assert_eq!(ask(&bed, &etag).await, (StatusCode::NOT_MODIFIED, etag.clone()));
    visit(&bed, "b", "/", "desktop").await;
    let (status, other) = ask(&bed, &etag).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(etag, other);
}
