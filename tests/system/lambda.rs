//! The whole system under Lambda's Runtime API: this is the service that `bootstrap` asks for events
//! of an API Gateway and hands its answers to.

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::prelude::{BASE64_STANDARD, Engine};
use chrono::Utc;
use nest_haus::testing::variables;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::executables::{Process, bootstrap, click, stored};

const PATIENCE: Duration = Duration::from_secs(20);

const KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const TOKEN_SECRET: &str = "a-signing-secret-of-more-than-32-characters";

/// A running `bootstrap` with the service that feeds it.
struct Lambda {
    _process: Process,
    events: UnboundedSender<Value>,
    answers: UnboundedReceiver<Value>,
    variables: HashMap<String, String>,
}

/// What `bootstrap` speaks with.
#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<UnboundedReceiver<Value>>>,
    answers: UnboundedSender<Value>,
}

impl Lambda {
    async fn start(overrides: &[(&str, &str)]) -> Self {
        let mut variables = variables(overrides).await;
        let (events, waiting) = unbounded_channel();
        let (sender, answers) = unbounded_channel();
        let api = RuntimeApi { events: Arc::new(Mutex::new(waiting)), answers: sender };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "nest-haus"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        tokio::spawn(async move { axum::serve(listener, router(api)).await });
        let process = Process::start(&mut Command::new(bootstrap()), &variables);
        Self { _process: process, events, answers, variables }
    }

    /// Sends an event and answers what the function says.
    async fn invoke(&mut self, event: Value) -> Value {
        self.events.send(event).unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.answers.recv()).await;
        answer.expect("an answer in time").expect("an answer")
    }

    async fn get(&mut self, path: &str) -> Value {
        self.invoke(event("GET", path, None)).await
    }

    async fn post(&mut self, path: &str, body: &str) -> Value {
        self.invoke(event("POST", path, Some(body))).await
    }
}

fn router(api: RuntimeApi) -> Router {
    let invocation = "/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{invocation}/next"), get(next))
        .route(&format!("{invocation}/{{id}}/response"), post(take_response))
        .route(&format!("{invocation}/{{id}}/error"), post(take_error))
        .with_state(api)
}

async fn next(State(api): State<RuntimeApi>) -> impl IntoResponse {
    let event = api.events.lock().await.recv().await.expect("the test goes on");
    let deadline = Utc::now().timestamp_millis() + 10_000;
    let headers = [
        ("lambda-runtime-aws-request-id", Uuid::new_v4().to_string()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:1:function:x".into()),
    ];
    (headers, event.to_string())
}

async fn take_response(
    State(api): State<RuntimeApi>,
    Path(_id): Path<Uuid>,
    body: String,
) -> StatusCode {
    api.answers.send(serde_json::from_str(&body).unwrap()).unwrap();
    StatusCode::ACCEPTED
}

async fn take_error(State(api): State<RuntimeApi>, body: String) -> StatusCode {
    api.answers.send(json!({"invocation error": body})).unwrap();
    StatusCode::ACCEPTED
}

/// An event of an HTTP API, payload version 2.0.
fn event(method: &str, path: &str, body: Option<&str>) -> Value {
    let address = "198.51.100.7";
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "user-agent": "test"},
        "requestContext": {
            "accountId": "1", "apiId": "api", "domainName": "api.example", "domainPrefix": "api",
            "requestId": "r", "routeKey": "$default", "stage": "$default", "timeEpoch": 0,
            "time": "01/Jan/2026:00:00:00 +0000",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address,
                "userAgent": "test",
            },
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

async fn stored_of(lambda: &Lambda, session: &str) -> i64 {
    let db = sqlx::PgPool::connect(&lambda.variables["DATABASE_URL"]).await.unwrap();
    stored(&db, session).await
}

#[tokio::test]
async fn lambda_answers_reads_and_refusals() {
    let mut lambda = Lambda::start(&[]).await;
    let well = lambda.get("/api/health").await;
    assert_eq!(well["statusCode"], 200);
    assert_eq!(body(&well)["status"], "ok");

    let unknown = lambda.get("/api/no-such-thing").await;
    assert_eq!(unknown["statusCode"], 404);
    assert_eq!(body(&unknown)["code"], "not_found");

    let malformed = lambda.post("/api/sessions/track-interaction", "{not json").await;
    assert_eq!(malformed["statusCode"], 400);
    assert_eq!(malformed["headers"]["content-type"], "application/problem+json");
    assert_eq!(body(&malformed)["code"], "malformed");
}

#[tokio::test]
async fn lambda_answers_an_event_once_the_work_that_follows_from_it_is_done() {
    let mut lambda = Lambda::start(&[]).await;
    let path = "/api/sessions/track-interaction";
    let answer = lambda.post(path, &click("inline").to_string()).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(body(&answer)["success"], true);
    assert_eq!(stored_of(&lambda, "inline").await, 1);
}

#[tokio::test]
async fn lambda_reads_a_body_that_the_gateway_encoded() {
    let mut lambda = Lambda::start(&[]).await;
    let encoded = BASE64_STANDARD.encode(click("encoded").to_string());
    let mut event = event("POST", "/api/sessions/track-interaction", Some(&encoded));
    event["isBase64Encoded"] = json!(true);
    let answer = lambda.invoke(event).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(stored_of(&lambda, "encoded").await, 1);
}

#[tokio::test]
async fn lambda_limits_callers_by_the_address_that_the_gateway_saw() {
    // Local mode never reads an address from a header, so this is a deployment.
    let mut lambda = Lambda::start(&[
        ("NEST_HAUS_ENV", "staging"),
        ("ENCRYPTION_KEYS", KEY),
        ("SESSION_TOKEN_SECRET", TOKEN_SECRET),
        ("RATE_LIMIT_PER_MINUTE", "2"),
    ])
    .await;
    let mut statuses = Vec::new();
    for claimed in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        let mut event = event("GET", "/api/health", None);
        event["headers"]["x-real-ip"] = json!(claimed);
        statuses.push(lambda.invoke(event).await["statusCode"].clone());
    }
    assert_eq!(statuses, [json!(200), json!(200), json!(429)]);

    let mut from_elsewhere = event("GET", "/api/health", None);
    from_elsewhere["requestContext"]["http"]["sourceIp"] = json!("198.51.100.8");
    assert_eq!(lambda.invoke(from_elsewhere).await["statusCode"], 200);
}
