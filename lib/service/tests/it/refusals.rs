//! What is not taken, and what the sender is told.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use nest_haus::testing::{ADMIN_KEY, Reply, TestBed};
use serde_json::{Value, json};

use super::events::batch;

const TRACK: &str = "/api/sessions/track-interaction";

fn is_problem(reply: &Reply) -> bool {
    let body = &reply.body;
    reply.headers["content-type"] == "application/problem+json"
        && body["success"] == false
        && body["status"] == reply.status.as_u16()
        && ["type", "title", "detail", "code", "error", "requestId"]
            .iter()
            .all(|field| body[field].is_string())
}

fn fields(reply: &Reply) -> Vec<&str> {
    reply.body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_malformed() {
    let bed = TestBed::new().await;
    let bodies: [(&str, Vec<u8>); 6] = [
        ("not JSON", b"{\"sessionId\":".to_vec()),
        ("invalid UTF-8", b"{\"sessionId\":\"\xff\xfe\"}".to_vec()),
        ("a lone surrogate", br#"{"sessionId":"\ud800"}"#.to_vec()),
        ("depth 1,000", [vec![b'['; 1000], vec![b']'; 1000]].concat()),
        ("no object", b"[1,2]".to_vec()),
        ("nothing", Vec::new()),
    ];
    for (what, body) in bodies {
        let reply = bed.post_text(TRACK, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{what}");
        assert!(is_problem(&reply), "{what}: {}", reply.text);
        assert_eq!(fields(&reply), ["body"], "{what}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_unread() {
    let bed = TestBed::new().await;
    let reply = bed.post_text(TRACK, vec![b' '; 600_000]).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(is_problem(&reply));
    let ten_megabytes = json!({"sessionId": "s", "interaction":
        {"eventType": "click", "category": "x".repeat(10_000_000)}});
    let reply = bed.post(TRACK, ten_megabytes).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_bad_field_is_named_in_the_present_protocol() {
    let bed = TestBed::new().await;
    let deep = (0..20).fold(json!(1), |inner, _| json!({"a": inner}));
    let cases: [(Value, &str, &str); 8] = [
        (json!({"category": "a\0b"}), "body.interaction.category", "nul"),
        (
            json!({"additionalData": deep}),
            "body.interaction.additionalData.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
            "too_deep",
        ),
        (json!({"eventType": null}), "interaction.eventType", "required"),
        (json!({"timeSpent": -1}), "interaction.timeSpent", "invalid"),
        (json!({"timeSpent": "soon"}), "interaction.timeSpent", "invalid"),
        (json!({"category": "x".repeat(201)}), "interaction.category", "invalid"),
        (json!({"deviceInfo": {"width": 1e9}}), "interaction.deviceInfo.width", "invalid"),
        (json!({"additionalData": {"x": "y".repeat(40_000)}}), "interaction", "too_long"),
    ];
    for (change, field, code) in cases {
        let mut body = json!({"sessionId": "s", "sentAt": "2026-11-21T12:00:00Z",
            "interaction": {"eventType": "click", "category": "button"}});
        let interaction = body["interaction"].as_object_mut().unwrap();
        interaction.extend(change.as_object().unwrap().clone());
        let reply = bed.post(TRACK, body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text);
        assert!(is_problem(&reply));
        assert_eq!(fields(&reply), [field]);
        assert_eq!(reply.body["errors"][0]["code"], code);
    }
}

#[tokio::test]
async fn a_bad_envelope_is_named_too() {
    let bed = TestBed::new().await;
    for (field, value) in [
        ("sessionId", json!("no spaces allowed")),
        ("sessionId", json!("x".repeat(129))),
        ("seq", json!(0)),
        ("tabId", json!("ä")),
        ("sentAt", json!("yesterday")),
        ("eventId", json!("not-a-uuid")),
    ] {
        let mut body = batch("s", [1]);
        body["events"][0][field] = value;
        let reply = bed.post("/api/sessions/track-batch", body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", reply.text);
        assert!(fields(&reply)[0].ends_with(field), "{:?}", fields(&reply));
    }
}

#[tokio::test]
async fn a_bad_event_in_the_middle_leaves_the_others_alone() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=5);
    body["events"][2] = json!("not an object");
    let reply = bed.post("/api/sessions/track-batch", body).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.body["accepted"], 4);
    assert_eq!(reply.body["rejected"][0]["index"], 2);
}

#[tokio::test]
async fn an_event_id_at_fault_is_named_with_its_place() {
    let bed = TestBed::new().await;
    let mut body = batch("s", 1..=2);
    for event in body["events"].as_array_mut().unwrap() {
        event["eventId"] = json!("6b86b273-ff34-4ce1-9d6b-804eff5a3f57");
    }
    let reply = bed.post("/api/sessions/track-batch", body).await;
    assert_eq!(fields(&reply), ["events[0].eventId", "events[1].eventId"]);
    let metrics = json!([{"sessionId": "s", "metricName": "LCP", "value": 1, "eventId": "x y"}]);
    let reply = bed.post("/api/performance/track", json!({"metrics": metrics})).await;
    assert_eq!(fields(&reply), ["metrics[0].eventId"]);
}

#[tokio::test]
async fn batches_are_bounded() {
    let bed = TestBed::new().await;
    let reply = bed.post("/api/sessions/track-batch", batch("s", 1..=101)).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(fields(&reply), ["events"]);
    for body in [json!({"events": []}), json!({"events": {}}), json!({})] {
        let reply = bed.post("/api/sessions/track-batch", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.body["error"], "Missing or invalid events array");
    }
}

#[tokio::test]
async fn what_is_refused_is_counted_and_kept_without_personal_data() {
    let bed = TestBed::new().await;
    let body = json!({"sessionId": "s", "interaction": {"category": "c",
        "additionalData": {"customerEmail": "ada@example.com"}}});
    assert_eq!(bed.post(TRACK, body).await.status, StatusCode::BAD_REQUEST);
    bed.drain().await;
    assert_eq!(bed.count("SELECT rejected FROM ledger").await, 1);
    let payload: String = sqlx::query_scalar("SELECT payload FROM dead_letters")
        .fetch_one(&bed.app.db)
        .await
        .unwrap();
    assert!(payload.contains("category") && !payload.contains("ada@"), "{payload}");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let bed = TestBed::new().await;
    let missing = bed.get("/api/sessions/config_1").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(is_problem(&missing));
    let method = bed.get(TRACK).await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(is_problem(&method));
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let bed = TestBed::with(&[("RATE_LIMIT_PER_MINUTE", "3")]).await;
    let click = json!({"sessionId": "s", "interaction": {"eventType": "click", "category": "c"}});
    for _ in 0..3 {
        assert_eq!(bed.post(TRACK, click.clone()).await.status, StatusCode::OK);
    }
    let limited = bed.post(TRACK, click).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(is_problem(&limited));
    let wait: u64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(bed.get("/api/health").await.status, StatusCode::TOO_MANY_REQUESTS);
    bed.drain().await;
    assert_eq!(bed.count("SELECT count(*) FROM interaction_events").await, 3);
}

#[tokio::test]
async fn admin_and_cron_endpoints_need_their_secret() {
    use nest_haus::endpoints::{ALL, Group, openapi};
    let bed = TestBed::with(&[("CRON_SECRET", "a-secret-of-the-cron")]).await;
    let described = json!(openapi());
    for endpoint in ALL.iter().filter(|e| matches!(e.group, Group::Admin | Group::Cron)) {
        let path = endpoint.path();
        for method in described["paths"][&path].as_object().unwrap().keys() {
            let method = method.to_uppercase();
            for key in ["", ADMIN_KEY, "Bearer wrong"] {
                let request = Request::builder().method(&*method).uri(&path);
                let body = Body::from(r#"{"expectedVersion":1}"#);
                let reply =
                    bed.send(request.header("authorization", key).body(body).unwrap()).await;
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                assert_eq!(reply.headers["www-authenticate"], "Bearer");
                assert!(is_problem(&reply));
                assert!(!reply.headers.contains_key("access-control-allow-origin"));
            }
            // The administrator's key opens no job, and nothing that is a person's: it is none.
            let other = bed.send_as_admin(&method, &path, json!({})).await.status;
            let opened = other != StatusCode::UNAUTHORIZED;
            let for_people = path.starts_with("/api/admin/auth/")
                || path == "/api/admin/notifications/subscriptions";
            let for_keys = endpoint.group == Group::Admin && !for_people;
            assert_eq!(opened, for_keys, "{method} {path}");
        }
    }
    assert_eq!(bed.count("SELECT count(*) FROM price_lists").await, 1);
}

#[tokio::test]
async fn cron_without_a_secret_runs_nowhere_but_locally() {
    let local = TestBed::new().await;
    assert_eq!(local.get("/api/cron/sync-performance").await.status, StatusCode::OK);
    let deployed = TestBed::with(&[
        ("NEST_HAUS_ENV", "production"),
        ("ENCRYPTION_KEYS", "a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("SESSION_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
    ])
    .await;
    assert_eq!(deployed.get("/api/cron/sync-performance").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_carries_security_headers_and_its_id() {
    let bed = TestBed::new().await;
    for path in ["/api/health", "/api/nothing", "/api/admin/analytics/overview"] {
        let reply = bed.get(path).await;
        for header in [
            "x-request-id",
            "x-content-type-options",
            "x-frame-options",
            "content-security-policy",
            "strict-transport-security",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
        ] {
            assert!(reply.headers.contains_key(header), "{path} lacks {header}");
        }
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let used_by = &reply.headers["cross-origin-resource-policy"];
        let private = path.starts_with("/api/admin/");
        assert_eq!(used_by, if private { "same-origin" } else { "cross-origin" });
    }
}

#[tokio::test]
async fn allowed_origins_get_credentials_and_others_nothing() {
    use axum::body::Body;
    use axum::http::Request;
    let bed = TestBed::with(&[("CORS_ALLOWED_ORIGINS", "https://nest-haus.at")]).await;
    let ask = |origin: &str| {
        Request::options(TRACK).header("origin", origin).body(Body::empty()).unwrap()
    };
    let ours = bed.send(ask("https://nest-haus.at")).await;
    assert_eq!(ours.status, StatusCode::NO_CONTENT);
    assert_eq!(ours.headers["access-control-allow-origin"], "https://nest-haus.at");
    assert_eq!(ours.headers["access-control-allow-credentials"], "true");
    let theirs = bed.send(ask("https://elsewhere.example")).await;
    assert!(!theirs.headers.contains_key("access-control-allow-origin"));
    let anybody = TestBed::new().await.send(ask("https://elsewhere.example")).await;
    assert_eq!(anybody.headers["access-control-allow-origin"], "*");
    assert!(!anybody.headers.contains_key("access-control-allow-credentials"));
}
