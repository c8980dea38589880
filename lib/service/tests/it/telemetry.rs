//! Logs and traces: what a request leaves behind besides its answer.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use nest_haus::platform::test_subscriber;
use nest_haus::testing::{Reply, TestBed};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

/// The example of the W3C's recommendation.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Sends a request, and answers what it left in the log too.
async fn logged(bed: &TestBed, request: Request<Body>) -> (Reply, Vec<Value>) {
    let log = Log::default();
    let writer = log.clone();
    let reply = bed.send(request).with_subscriber(test_subscriber(move || writer.clone())).await;
    (reply, log.lines())
}

fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = headers
        .iter()
        .fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

fn traceparent(reply: &Reply) -> (String, String, String) {
    let header = reply.headers["traceparent"].to_str().unwrap();
    let [version, trace, span, flags] = header.split('-').collect::<Vec<_>>()[..] else {
        panic!("{header}")
    };
    assert_eq!((version, trace.len(), span.len()), ("00", 32, 16), "{header}");
    (trace.to_owned(), span.to_owned(), flags.to_owned())
}

#[tokio::test]
async fn a_request_joins_the_trace_of_its_caller_with_a_span_of_its_own() {
    let bed = TestBed::new().await;
    let header = format!("00-{TRACE}-{PARENT}-01");
    let (reply, lines) = logged(&bed, get("/api/health", &[("traceparent", &header)])).await;
    let (trace, span, flags) = traceparent(&reply);
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
    assert_ne!(span, PARENT);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["trace_id"], &line["span_id"]), (&json!(trace), &json!(span)));
    assert_eq!(line["request_id"], reply.headers["x-request-id"].to_str().unwrap());
}

#[tokio::test]
async fn a_bad_or_repeated_traceparent_begins_a_new_trace() {
    let bed = TestBed::new().await;
    let good = format!("00-{TRACE}-{PARENT}-01");
    let bad = format!("ff-{TRACE}-{PARENT}-01");
    for headers in [
        vec![],
        vec![("traceparent", bad.as_str())],
        vec![("traceparent", good.as_str()), ("traceparent", good.as_str())],
    ] {
        let first = traceparent(&bed.send(get("/api/health", &headers)).await);
        let second = traceparent(&bed.send(get("/api/health", &headers)).await);
        assert_ne!(first.0, TRACE, "{headers:?}");
        assert_ne!(first.0, second.0, "{headers:?}");
    }
}

#[tokio::test]
async fn the_line_of_a_request_says_what_it_cost_and_nothing_of_who_asked() {
    let bed = TestBed::new().await;
    let key = format!("Bearer {}", nest_haus::testing::ADMIN_KEY);
    let headers = [
        ("authorization", key.as_str()),
        ("x-real-ip", "203.0.113.77"),
        ("x-forwarded-for", "203.0.113.77"),
        ("user-agent", "Mozilla/5.0 Somebody"),
        ("referer", "https://example.com/?email=somebody@example.com"),
    ];
    let path = "/api/admin/analytics/overview?timeRange=7d";
    let (reply, lines) = logged(&bed, get(path, &headers)).await;
    assert!(reply.status.is_success(), "{}", reply.text);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&line["message"], &line["path"], &line["status"], &line["method"]),
        (&json!("request"), &json!("/api/admin/analytics/overview"), &json!(200), &json!("GET"))
    );
    assert!(line["database_queries"].as_i64().unwrap() >= 3, "{line}");
    assert!(line["database_ms"].as_f64().unwrap() > 0.0, "{line}");
    assert_eq!(line["redis_operations"], 1);
    let text = line.to_string();
    for word in ["203.0.113", "Somebody", "somebody", "nhk_", "timeRange"] {
        assert!(!text.contains(word), "{word} is in {text}");
    }
}

#[tokio::test]
async fn a_request_id_of_the_platform_is_taken_unless_it_is_too_long() {
    let bed = TestBed::new().await;
    let id = "fra1::iad1::abcde-1795295771438-0123456789ab";
    let reply = bed.send(get("/api/health", &[("x-vercel-id", id)])).await;
    assert_eq!(reply.headers["x-request-id"], id);
    let long = "x".repeat(101);
    let reply = bed.send(get("/api/health", &[("x-vercel-id", &long)])).await;
    assert_eq!(reply.headers["x-request-id"].len(), 36);
}
