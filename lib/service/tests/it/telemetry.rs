//! Logs and traces: what a request leaves behind besides its answer.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get as on_get;
use chrono::TimeDelta;
use nest_haus::http::around;
use nest_haus::platform::test_subscriber;
use nest_haus::service::Answer;
use nest_haus::testing::{Reply, TestBed};
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::{Span, TracesData};
use prost::Message;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use tracing::instrument::WithSubscriber;

/// The example of the W3C's recommendation.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
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
    assert_eq!(line["parent_span_id"], PARENT);
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

/// A request that another service got: its first line, its headers in lower case, its body.
type Received = (String, String, Vec<u8>);

/// A service on this machine that takes whatever it is sent.
struct Receiver {
    port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = received.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(receive(socket, all.clone()));
            }
        });
        Self { port, received }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    fn dsn(&self) -> String {
        format!("http://0123456789abcdef0123456789abcdef@127.0.0.1:{}/42", self.port)
    }
}

async fn receive(socket: TcpStream, all: Arc<Mutex<Vec<Received>>>) {
    let mut socket = BufReader::new(socket);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if socket.read_until(b'\n', &mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8(head).unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        let headers = headers.to_lowercase();
        let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        socket.read_exact(&mut body).await.unwrap();
        all.lock().unwrap().push((line.to_owned(), headers, body));
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    }
}

/// The event in an envelope, which is its third line.
fn event(received: &Received) -> Value {
    let text = String::from_utf8(received.2.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].contains(r#""type":"event""#), "{text}");
    serde_json::from_str(lines[2]).unwrap()
}

#[tokio::test]
async fn a_failure_is_told_to_sentry_after_the_answer_and_without_anything_personal() {
    let sentry = Receiver::start().await;
    let bed = TestBed::with(&[("SENTRY_DSN", &sentry.dsn()), ("RELEASE", "abc123")]).await;
    bed.app.db.close().await;
    let headers = [
        ("authorization", "Bearer nhk_somebody-with-a-key-0123456789"),
        ("x-real-ip", "203.0.113.77"),
        ("cookie", "name=somebody@example.com"),
    ];
    let path = "/api/admin/analytics/overview?timeRange=7d&secret=somebody";
    let Answer { response, after } = bed.service.call(get(path, &headers)).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(sentry.received().is_empty(), "nothing before the answer");
    after.expect("something to tell").await;

    let [received] = &sentry.received()[..] else { panic!("{:?}", sentry.received().len()) };
    assert_eq!(received.0, "POST /api/42/envelope/ HTTP/1.1");
    assert!(received.1.contains("sentry_key=0123456789abcdef0123456789abcdef"), "{}", received.1);
    let event = event(received);
    assert_eq!((&event["release"], &event["environment"]), (&json!("abc123"), &json!("local")));
    assert_eq!(event["transaction"], "GET /api/admin/analytics/overview");
    assert_eq!(event["exception"]["values"][0]["type"], "unavailable");
    let id = response.headers()["x-request-id"].to_str().unwrap();
    assert_eq!(event["tags"]["request_id"], id);
    let trace = response.headers()["traceparent"].to_str().unwrap();
    assert!(trace.contains(event["contexts"]["trace"]["trace_id"].as_str().unwrap()));
    for absent in ["user", "request", "server_name", "breadcrumbs", "extra", "modules"] {
        assert_eq!(event[absent], Value::Null, "{event}");
    }
    let whole = String::from_utf8(received.2.clone()).unwrap() + &received.1;
    for word in ["somebody", "203.0.113", "nhk_", "timeRange"] {
        assert!(!whole.contains(word), "{word} is in {whole}");
    }
}

#[tokio::test]
async fn a_panic_is_told_by_its_place_and_never_by_its_words() {
    let sentry = Receiver::start().await;
    let bed = TestBed::with(&[("SENTRY_DSN", &sentry.dsn())]).await;
    let panics = on_get(|| async {
        let text = ["somebody", "example.com"].join("@");
        assert!(text.is_empty(), "{text} was too much");
    });
    let router = around(Router::new().route("/api/panics", panics), &bed.app);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = test_subscriber(move || writer.clone());
    let send = || router.clone().oneshot(get("/api/panics", &[]));
    let response = send().with_subscriber(subscriber).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let failed = log.lines().into_iter().find(|line| line["message"] == "request failed").unwrap();
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("a panic at ") && !error.contains("somebody"), "{error}");
    for _ in 0..2 {
        assert_eq!(send().await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    bed.app.sentry.send().await;
    let [received] = &sentry.received()[..] else { panic!("told once a minute") };
    let event = event(received);
    let value = event["exception"]["values"][0]["value"].as_str().unwrap();
    assert!(value.contains("a panic at ") && value.contains("tests/it/telemetry.rs:"), "{value}");
    assert!(!event.to_string().contains("somebody"), "{event}");
    bed.advance(TimeDelta::minutes(1));
    router.oneshot(get("/api/panics", &[])).await.unwrap();
    bed.app.sentry.send().await;
    assert_eq!(sentry.received().len(), 2, "and again after that");
}

#[tokio::test]
async fn refusals_are_no_failures_and_a_sentry_that_is_away_stops_nothing() {
    let sentry = Receiver::start().await;
    let bed = TestBed::with(&[("SENTRY_DSN", &sentry.dsn())]).await;
    bed.send_and_work(get("/api/admin/analytics/overview", &[])).await;
    bed.send_and_work(get("/api/nowhere", &[])).await;
    assert!(sentry.received().is_empty());

    let dead = [("SENTRY_DSN", "http://0123456789abcdef0123456789abcdef@127.0.0.1:1/42")];
    let bed = TestBed::with(&dead).await;
    bed.app.db.close().await;
    let begun = Instant::now();
    let key = format!("Bearer {}", nest_haus::testing::ADMIN_KEY);
    let request = get("/api/admin/analytics/overview", &[("authorization", &key)]);
    let reply = bed.send_and_work(request).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert!(!bed.app.sentry.has_waiting());
}

#[tokio::test]
async fn a_wrong_address_of_sentry_is_named_at_the_start_and_stops_nothing() {
    for dsn in ["not-an-address", "https://sentry.example/1"] {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = test_subscriber(move || writer.clone());
        let variables = [("SENTRY_DSN", dsn)];
        let bed = TestBed::with(&variables).with_subscriber(subscriber).await;
        assert!(!bed.app.sentry.is_configured());
        assert_eq!(bed.get("/api/health").await.status, StatusCode::OK);
        let named = log.lines().into_iter().find(|line| line["level"] == "ERROR").unwrap();
        assert!(named["error"].as_str().unwrap().starts_with("SENTRY_DSN must be"), "{named}");
        assert!(!named.to_string().contains(dsn), "{named}");
    }
}

/// An attribute of a span as text.
fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.clone()?.value? {
        any_value::Value::StringValue(text) => Some(text),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        any_value::Value::DoubleValue(number) => Some(number.to_string()),
        _ => None,
    }
}

#[tokio::test]
async fn spans_of_requests_are_exported_with_what_they_cost() {
    let collector = Receiver::start().await;
    let address = format!("http://127.0.0.1:{}/", collector.port);
    let bed = TestBed::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &address)]).await;
    let pool = bed.app.db.clone();
    let reads = on_get(async move || {
        sqlx::query("SELECT pg_sleep(0.11)").execute(&pool).await.unwrap();
    });
    let router = around(Router::new().route("/api/reads/{name}", reads), &bed.app);
    let send = |headers: Vec<(&'static str, String)>| {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        router.clone().oneshot(get("/api/reads/somebody?x=somebody", &headers))
    };
    let answer = send(vec![("traceparent", format!("00-{TRACE}-{PARENT}-01"))]).await.unwrap();
    let not_sampled = format!("00-{}-{PARENT}-00", TRACE.replace('4', "5"));
    send(vec![("traceparent", not_sampled)]).await.unwrap();
    assert!(collector.received().is_empty(), "nothing before the answer");
    bed.send_and_work(get("/api/health", &[])).await;

    let [(line, headers, body)] = &collector.received()[..] else { panic!("sent at once") };
    assert_eq!(line, "POST /v1/traces HTTP/1.1");
    assert!(headers.contains("content-type: application/x-protobuf"), "{headers}");
    let data = TracesData::decode(&body[..]).unwrap();
    let resource = format!("{:?}", data.resource_spans[0].resource);
    assert!(resource.contains("nest-haus") && resource.contains("local"), "{resource}");
    let spans = &data.resource_spans[0].scope_spans[0].spans;
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /api/reads/{name}", "SELECT pg_sleep(0.11)", "GET /api/health"]);
    let [whole, statement, _] = &spans[..] else { panic!("{names:?}") };
    let header = answer.headers()["traceparent"].to_str().unwrap();
    assert_eq!(hex::encode(&whole.trace_id), TRACE);
    assert_eq!(hex::encode(&whole.parent_span_id), PARENT);
    assert!(header.contains(&hex::encode(&whole.span_id)), "{header}");
    assert_eq!(attribute(whole, "http.response.status_code").unwrap(), "200");
    assert_eq!(attribute(whole, "nest_haus.database.queries").unwrap(), "1");
    let lasted = |span: &Span| span.end_time_unix_nano - span.start_time_unix_nano;
    assert!(lasted(whole) >= lasted(statement) && lasted(statement) > 100_000_000);
    assert_eq!((&statement.trace_id, &statement.parent_span_id), (&whole.trace_id, &whole.span_id));
    assert_eq!(attribute(statement, "db.system.name").unwrap(), "postgresql");
    assert!(!String::from_utf8_lossy(body).contains("somebody"));
}

#[tokio::test]
async fn a_collector_that_is_away_or_has_a_wrong_address_stops_nothing() {
    for address in ["http://127.0.0.1:1", "collector:4317", "ftp://collector"] {
        let bed = TestBed::with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", address)]).await;
        let reply = bed.send_and_work(get("/api/health", &[])).await;
        assert_eq!(reply.status, StatusCode::OK, "{address}");
    }
}
