//! A session's configuration, status, personal data and who may read them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use nest_haus::testing::TestBed;
use serde_json::{Value, json};

fn configuration(nest: &str) -> Value {
    json!({
        "nest": {"category": "nest", "value": nest, "name": nest, "price": 289_900},
        "gebaeudehuelle": {"category": "gebaeudehuelle", "value": "trapezblech", "price": -9600},
        "stirnseite": null, "totalPrice": 302_238, "timestamp": 1,
    })
}

async fn read(bed: &TestBed, session: &str) -> Value {
    bed.get(&format!("/api/sessions/get-session?sessionId={session}")).await.body["session"].clone()
}

#[tokio::test]
async fn a_session_is_readable_at_once_and_the_same_after_the_drain() {
    let bed = TestBed::new().await;
    let body = json!({"sessionId": "s", "configuration": configuration("nest100"), "currentPrice": 302_238});
    assert_eq!(bed.post("/api/sessions/sync", body).await.status, StatusCode::OK);
    let before = read(&bed, "s").await;
    assert_eq!(before["configurationData"]["nest"]["value"], "nest100");
    assert_eq!(before["totalPrice"], 254_731, "the server's price, not the browser's");
    assert_eq!(before["status"], "ACTIVE");
    bed.drain().await;
    assert_eq!(read(&bed, "s").await, before);
}

#[tokio::test]
async fn a_session_is_readable_after_redis_forgot_it() {
    let bed = TestBed::new().await;
    let body =
        json!({"sessionId": "s", "configuration": configuration("nest100"), "currentPrice": 1});
    bed.post("/api/sessions/sync", body).await;
    bed.drain().await;
    let before = read(&bed, "s").await;
    let mut delete = redis::cmd("DEL");
    delete.arg(bed.app.redis.key("session:s"));
    let deleted: i64 = bed.app.redis.query(&delete).await.unwrap();
    assert_eq!(deleted, 1);
    assert_eq!(read(&bed, "s").await, before);
}

#[tokio::test]
async fn no_exit_beacon_takes_a_cart_or_a_sale_away() {
    let bed = TestBed::new().await;
    let cart = json!({"sessionId": "s", "configuration": configuration("nest160"),
        "totalPrice": 379_828, "isOhneNestMode": true});
    let reply = bed.post("/api/sessions/track-cart-add", cart).await;
    assert_eq!(reply.body["status"], "IN_CART");
    for drained in [false, true] {
        if drained {
            bed.drain().await;
        }
        let exit = Request::post("/api/sessions/finalize")
            .header("content-type", "text/plain;charset=UTF-8")
            .body(Body::from(r#"{"sessionId":"s","config":null}"#))
            .unwrap();
        assert_eq!(bed.send(exit).await.status, StatusCode::OK);
        let session = read(&bed, "s").await;
        assert_eq!(session["status"], "IN_CART");
        assert_eq!(session["configurationData"]["nest"]["value"], "nest160");
        assert_eq!(session["totalPrice"], 379_828);
    }
    let sale = json!({"sessionId": "s", "paymentIntentId": "pi_1", "totalPrice": 379_828});
    bed.post("/api/sessions/track-conversion", sale).await;
    bed.post("/api/sessions/finalize", json!({"sessionId": "s", "config": null})).await;
    assert_eq!(read(&bed, "s").await["status"], "CONVERTED");
    bed.drain().await;
    assert_eq!(read(&bed, "s").await["status"], "CONVERTED");
}

#[tokio::test]
async fn leaving_abandons_until_the_visitor_comes_back() {
    let bed = TestBed::new().await;
    let click = json!({"sessionId": "s", "interaction": {"eventType": "click", "category": "c"}});
    bed.post("/api/sessions/track-interaction", click.clone()).await;
    bed.post("/api/sessions/finalize", json!({"sessionId": "s"})).await;
    assert_eq!(read(&bed, "s").await["status"], "ABANDONED");
    bed.drain().await;
    bed.post("/api/sessions/track-interaction", click).await;
    assert_eq!(read(&bed, "s").await["status"], "ACTIVE");
    bed.drain().await;
    assert_eq!(read(&bed, "s").await["status"], "ACTIVE");
}

#[tokio::test]
async fn saved_configurations_are_kept_with_trigger_price_and_completion() {
    let bed = TestBed::new().await;
    for trigger in ["auto_save", "page_exit", "order_attempt"] {
        let body =
            json!({"sessionId": "s", "configuration": configuration("nest80"), "trigger": trigger});
        assert_eq!(bed.post("/api/sessions/save-config", body).await.status, StatusCode::OK);
    }
    bed.drain().await;
    let rows: Vec<(String, i64, i64, f64)> = sqlx::query_as(
        "SELECT trigger::text, total_price_cents, claimed_price_cents, completion FROM configuration_snapshots
         ORDER BY occurred_at, event_id",
    )
    .fetch_all(&bed.app.db)
    .await
    .unwrap();
    let expected = ["auto_save", "page_exit", "order_attempt"]
        .map(|trigger| (trigger.to_owned(), 21_303_200, 30_223_800, 1.0 / 7.0));
    assert_eq!(rows, expected);
    assert_eq!(read(&bed, "s").await["status"], "COMPLETED");
}

#[tokio::test]
async fn a_finished_configuration_completes_and_one_held_while_leaving_does_not() {
    let bed = TestBed::new().await;
    let leaving =
        json!({"sessionId": "a", "finalConfiguration": configuration("nest80"), "totalPrice": 5});
    bed.post("/api/sessions/finalize", leaving).await;
    assert_eq!(read(&bed, "a").await["status"], "ABANDONED");
    assert_eq!(read(&bed, "a").await["totalPrice"], 213_032);
    let finished = json!({"sessionId": "b", "config": {"nest": "nest80", "totalPrice": 155_500}});
    bed.post("/api/sessions/finalize", finished).await;
    assert_eq!(read(&bed, "b").await["status"], "COMPLETED");
}

#[tokio::test]
async fn personal_data_is_sealed_everywhere_and_opens_for_its_own_client_alone() {
    let bed = TestBed::new().await;
    let start = bed.post_text("/api/sessions", "").await;
    let (session, own) =
        (start.body["sessionId"].as_str().unwrap().to_owned(), start.cookie().unwrap());
    let data = json!({"sessionId": session, "userData":
        {"name": "Ada L.", "email": "ada@example.com", "inquiryId": "ignored", "notes": ""}});
    assert_eq!(bed.post("/api/sessions/update-user-data", data).await.status, StatusCode::OK);
    let typed = json!({"sessionId": session, "interaction": {
        "eventType": "input", "category": "appointment_booking",
        "elementId": "appointment_form_email", "selectionValue": "ada@example.com",
        "additionalData": {"customerName": "Ada L.", "formType": "x"}}});
    bed.post("/api/sessions/track-interaction", typed).await;
    assert_eq!(occurrences_in_redis(&bed, "ada@example.com").await, 0);
    bed.drain().await;
    for table in ["session_events", "interaction_events", "session_facts", "user_sessions"] {
        let query = format!("SELECT count(*) FROM {table} WHERE {table}::text ~ 'ada@|Ada L'");
        assert_eq!(bed.count(&query).await, 0, "{table}");
    }
    let path = format!("/api/sessions/get-session?sessionId={session}");
    let mine = bed.get_as(&path, &own).await.body;
    assert_eq!(mine["session"]["configurationData"]["userData"]["email"], "ada@example.com");
    assert_eq!(mine["session"]["configurationData"]["userData"].get("inquiryId"), None);
    let anybody = bed.get(&path).await;
    assert_eq!(anybody.status, StatusCode::OK);
    assert!(!anybody.text.contains("ada@"), "{}", anybody.text);
    assert!(!anybody.text.contains("sealed:"), "{}", anybody.text);

    let journey = format!("/api/sessions/get-journey?sessionId={session}");
    assert_eq!(bed.get(&journey).await.status, StatusCode::FORBIDDEN);
    let mine = bed.get_as(&journey, &own).await;
    assert_eq!(mine.body["interactions"][0]["selectionValue"], "ada@example.com");
    assert_eq!(mine.body["interactions"][0]["additionalData"]["customerName"], "Ada L.");
}

async fn occurrences_in_redis(bed: &TestBed, needle: &str) -> usize {
    let mut found = 0;
    let mut keys = redis::cmd("KEYS");
    keys.arg(bed.app.redis.key("*"));
    for key in bed.app.redis.query::<Vec<String>>(&keys).await.unwrap() {
        let mut dump = redis::cmd("DUMP");
        dump.arg(&key);
        let bytes: Vec<u8> = bed.app.redis.query(&dump).await.unwrap();
        found += usize::from(String::from_utf8_lossy(&bytes).contains(needle));
    }
    found
}

#[tokio::test]
async fn who_tracks_a_known_session_gets_nothing_that_opens_it() {
    let bed = TestBed::new().await;
    let first = json!({"sessionId": "s", "userData": {"email": "ada@example.com"}});
    let own = bed.post("/api/sessions/update-user-data", first).await.cookie().unwrap();
    let click = json!({"sessionId": "s", "interaction": {"eventType": "click", "category": "c"}});
    assert_eq!(bed.post("/api/sessions/track-interaction", click.clone()).await.cookie(), None);
    // Not even when Redis has forgotten the session and the stranger's claim is the only one there.
    bed.drain().await;
    let mut delete = redis::cmd("DEL");
    delete.arg(bed.app.redis.key("session:s"));
    bed.app.redis.query::<i64>(&delete).await.unwrap();
    let stranger = bed.post("/api/sessions/track-interaction", click).await.cookie().unwrap();
    for drained in [false, true] {
        if drained {
            bed.drain().await;
        }
        let path = "/api/sessions/get-session?sessionId=s";
        assert!(!bed.get_as(path, &stranger).await.text.contains("ada@"));
        assert!(bed.get_as(path, &own).await.text.contains("ada@example.com"));
    }
    let forged = own.replace('.', "0.");
    assert!(
        !bed.get_as("/api/sessions/get-session?sessionId=s", &forged).await.text.contains("ada@")
    );
}

#[tokio::test]
async fn fields_of_personal_data_that_are_not_sent_stay_as_they_were() {
    let bed = TestBed::new().await;
    let own = bed
        .post(
            "/api/sessions/update-user-data",
            json!({"sessionId": "s", "userData": {"name": "Ada", "city": "Wien"}}),
        )
        .await
        .cookie()
        .unwrap();
    bed.drain().await;
    bed.post(
        "/api/sessions/update-user-data",
        json!({"sessionId": "s", "userData": {"city": "Graz"}}),
    )
    .await;
    let session = bed.get_as("/api/sessions/get-session?sessionId=s", &own).await;
    let data = &session.body["session"]["configurationData"]["userData"];
    assert_eq!((data["name"].as_str(), data["city"].as_str()), (Some("Ada"), Some("Graz")));
}

#[tokio::test]
async fn a_poll_that_brings_nothing_new_is_cheap() {
    let bed = TestBed::new().await;
    bed.post("/api/sessions/finalize", json!({"sessionId": "s"})).await;
    let path = "/api/sessions/get-session?sessionId=s";
    let etag = bed.get(path).await.headers["etag"].clone();
    let again = Request::get(path).header("if-none-match", &etag).body(Body::empty()).unwrap();
    let again = bed.send(again).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    bed.post("/api/sessions/track-cart-add", json!({"sessionId": "s", "totalPrice": 1})).await;
    let changed = Request::get(path).header("if-none-match", &etag).body(Body::empty()).unwrap();
    assert_eq!(bed.send(changed).await.body["session"]["status"], "IN_CART");
}

#[tokio::test]
async fn after_a_refusal_of_consent_analytics_stops_and_the_cart_stays() {
    let bed = TestBed::new().await;
    let consent = |analytics: bool| json!({"sessionId": "s", "analyticsConsent": analytics, "marketingConsent": false, "functionalConsent": true});
    let click = json!({"sessionId": "s", "eventId": "e-1", "clientTs": 1_795_295_771_438_i64,
        "interaction": {"eventType": "click", "category": "c", "elementId": "secret"}});
    bed.post("/api/sessions/update-consent", consent(false)).await;
    let refused = bed.post("/api/sessions/track-interaction", click.clone()).await;
    assert_eq!(refused.status, StatusCode::ACCEPTED);
    assert_eq!(refused.body["accepted"], 0);
    assert_eq!(refused.body["rejected"][0]["code"], "consent_denied");
    let metric = json!({"sessionId": "s", "metricName": "LCP", "value": 1});
    assert_eq!(bed.post("/api/performance/track", metric).await.status, StatusCode::OK);
    let cart = json!({"sessionId": "s", "configuration": configuration("nest80"), "totalPrice": 1});
    bed.post("/api/sessions/track-cart-add", cart).await;
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 0);
    assert_eq!(bed.count("SELECT count(*) FROM performance_metrics").await, 0);
    assert_eq!(bed.count("SELECT count(*) FROM dead_letters WHERE payload <> ''").await, 0);
    assert_eq!(read(&bed, "s").await["status"], "IN_CART");

    bed.post("/api/sessions/update-consent", consent(true)).await;
    assert_eq!(bed.post("/api/sessions/track-interaction", click).await.body["accepted"], 1);
}

#[tokio::test]
async fn where_consent_is_required_nothing_is_analysed_before_it() {
    let bed = TestBed::with(&[("CONSENT_MODE", "required")]).await;
    let mut body = super::events::batch("s", 1..=2);
    let reply = bed.post("/api/sessions/track-batch", body.clone()).await;
    assert_eq!(reply.body["rejected"][1]["code"], "consent_missing");
    let consent = json!({"sessionId": "s", "analyticsConsent": true, "marketingConsent": false, "functionalConsent": false});
    bed.post("/api/sessions/update-consent", consent).await;
    body["visitorId"] = json!("visitor-1");
    assert_eq!(bed.post("/api/sessions/track-batch", body).await.body["accepted"], 2);
}

#[tokio::test]
async fn a_visitors_own_id_is_kept_only_with_consent() {
    let bed = TestBed::new().await;
    for (session, analytics) in [("yes", Some(true)), ("no-word", None)] {
        if let Some(analytics) = analytics {
            let consent = json!({"sessionId": session, "analyticsConsent": analytics,
                "marketingConsent": false, "functionalConsent": false});
            bed.post("/api/sessions/update-consent", consent).await;
        }
        let mut body = super::events::batch(session, [1]);
        body["visitorId"] = json!("visitor-1");
        bed.post("/api/sessions/track-batch", body).await;
    }
    // The consent waits in another stream, which is drained later.
    bed.drain().await;
    let with_id = "SELECT count(*) FROM session_facts WHERE facts ? 'visitorId'";
    assert_eq!(bed.count(with_id).await, 1);
    let kept =
        "SELECT count(*) FROM user_sessions WHERE visitor_id = 'visitor-1' AND session_id = 'yes'";
    assert_eq!(bed.count(kept).await, 1);
    let refusal = json!({"sessionId": "yes", "analyticsConsent": false,
        "marketingConsent": false, "functionalConsent": false});
    bed.post("/api/sessions/update-consent", refusal).await;
    bed.drain().await;
    assert_eq!(bed.count(with_id).await, 0);
}

#[tokio::test]
async fn a_session_nobody_knows_is_not_found() {
    let bed = TestBed::new().await;
    for path in ["get-session", "get-journey"] {
        let reply = bed.get(&format!("/api/sessions/{path}?sessionId=nope")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.body["success"], false);
        assert_eq!(reply.body["error"], "Session not found");
        assert_eq!(bed.get(&format!("/api/sessions/{path}")).await.status, StatusCode::BAD_REQUEST);
    }
}
