//! Functions under the protocol of Vercel's runtime: this is the host that starts them, sends them
//! requests and is told when an invocation ends.

use std::collections::{BTreeSet, HashMap};
use std::process::{Command, ExitCode};
use std::time::Duration;

use axum::routing::get;
use nest_haus::endpoints::{Endpoint, Group};
use nest_haus::testing::variables;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::{PgPool, PgTransaction};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::executables::{Process, click, client, function, stored};
use crate::support::free_port;

const PATIENCE: Duration = Duration::from_secs(20);

/// Time in which something that must not happen yet would have happened.
const A_WHILE: Duration = Duration::from_millis(400);

const SECRET: &str = "correct-horse-battery-staple";

/// A function with the host around it.
struct Host {
    process: Process,
    messages: UnboundedReceiver<Value>,
    client: Client,
    base: String,
}

impl Host {
    async fn start(name: &str, variables: &HashMap<String, String>) -> Self {
        Self::start_command(&mut Command::new(function(name)), variables).await
    }

    /// Starts a function and waits until it says that it is ready.
    async fn start_command(command: &mut Command, variables: &HashMap<String, String>) -> Self {
        let socket = std::env::temp_dir().join(format!("nh-{}.sock", Uuid::new_v4().simple()));
        let listener = UnixListener::bind(&socket).unwrap();
        let port = free_port();
        let mut variables = variables.clone();
        variables.insert("VERCEL_IPC_PATH".to_owned(), socket.display().to_string());
        variables.insert("VERCEL_DEV_PORT".to_owned(), port.to_string());
        let process = Process::start(command, &variables);
        let (sender, messages) = unbounded_channel();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            std::fs::remove_file(socket).unwrap();
            read(stream, &sender).await;
        });
        let client = client(PATIENCE);
        let base = format!("http://127.0.0.1:{port}");
        let mut host = Self { process, messages, client, base };
        let started = host.message().await;
        assert_eq!(started["type"], "server-started");
        assert_eq!(started["payload"]["httpPort"], port);
        host
    }

    /// A request as the platform passes it on, as the invocation of a number.
    fn request(&self, number: u64, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .header("x-vercel-internal-invocation-id", format!("inv-{number}"))
            .header("x-vercel-internal-request-id", number.to_string())
    }

    async fn get(&self, number: u64, path: &str) -> (StatusCode, String) {
        answer(self.request(number, Method::GET, path)).await
    }

    async fn post(&self, number: u64, path: &str, body: &Value) -> (StatusCode, String) {
        answer(self.request(number, Method::POST, path).body(body.to_string())).await
    }

    async fn message(&mut self) -> Value {
        let message = tokio::time::timeout(PATIENCE, self.messages.recv()).await;
        message.expect("a message in time").expect("a message")
    }

    /// The number of the invocation whose end comes next.
    async fn end(&mut self) -> u64 {
        let message = self.message().await;
        assert_eq!(message["type"], "end", "{message}");
        assert_eq!(message["payload"]["error"], Value::Null);
        let context = &message["payload"]["context"];
        let number = context["requestId"].as_u64().unwrap();
        assert_eq!(context["invocationId"], format!("inv-{number}"));
        number
    }

    async fn hears_nothing_for_a_while(&mut self) {
        let heard = tokio::time::timeout(A_WHILE, self.messages.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

/// Reads messages, each of which a NUL ends.
async fn read(stream: UnixStream, messages: &UnboundedSender<Value>) {
    let mut parts = BufReader::new(stream).split(0);
    while let Ok(Some(message)) = parts.next_segment().await {
        let _nobody_listens = messages.send(serde_json::from_slice(&message).unwrap());
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

/// Keeps every drain waiting until it is dropped.
async fn hold_drains(db: &PgPool) -> PgTransaction<'static> {
    let mut tx = db.begin().await.unwrap();
    sqlx::query("SELECT FROM drain_positions FOR UPDATE").execute(&mut *tx).await.unwrap();
    tx
}

async fn database(variables: &HashMap<String, String>) -> PgPool {
    PgPool::connect(&variables["DATABASE_URL"]).await.unwrap()
}

#[tokio::test]
async fn a_function_answers_the_ping_of_its_host_which_is_no_invocation() {
    let mut host = Host::start("health", &variables(&[]).await).await;
    let (status, body) = host.get(1, "/_vercel/ping").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "OK"));
    host.hears_nothing_for_a_while().await;
}

#[tokio::test]
async fn an_invocation_ends_once_its_request_is_answered() {
    let mut host = Host::start("health", &variables(&[]).await).await;
    let response = host.request(7, Method::GET, "/api/health?deep=1").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let echoed = response.headers().keys().find(|name| name.as_str().contains("vercel-internal"));
    assert_eq!(echoed, None);
    assert_eq!(response.json::<Value>().await.unwrap()["status"], "ok");
    assert_eq!(host.end().await, 7);
}

#[tokio::test]
async fn one_process_serves_many_invocations_at_a_time() {
    let mut host = Host::start("health", &variables(&[]).await).await;
    let requests = (1..=20).map(|number| host.get(number, "/api/health"));
    let answers = futures::future::join_all(requests).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK));
    let mut ended = BTreeSet::new();
    for _ in 1..=20 {
        ended.insert(host.end().await);
    }
    assert_eq!(ended, (1..=20).collect());
}

#[tokio::test]
async fn work_after_an_answer_keeps_the_invocation_open_until_it_is_done() {
    let variables = variables(&[]).await;
    let db = database(&variables).await;
    let drains = hold_drains(&db).await;
    let mut host = Host::start("sessions-track-interaction", &variables).await;

    let sent = host.post(1, "/api/sessions/track-interaction", &click("after")).await;
    assert_eq!(sent.0, StatusCode::OK, "{}", sent.1);
    host.hears_nothing_for_a_while().await;
    assert_eq!(stored(&db, "after").await, 0);

    drains.rollback().await.unwrap();
    assert_eq!(host.end().await, 1);
    assert_eq!(stored(&db, "after").await, 1);
}

#[tokio::test]
async fn a_terminated_function_finishes_its_work_before_it_exits() {
    let variables = variables(&[]).await;
    let db = database(&variables).await;
    let drains = hold_drains(&db).await;
    let mut host = Host::start("sessions-track-interaction", &variables).await;

    let sent = host.post(1, "/api/sessions/track-interaction", &click("last")).await;
    assert_eq!(sent.0, StatusCode::OK, "{}", sent.1);
    host.process.signal("TERM");
    host.hears_nothing_for_a_while().await;
    assert!(!host.process.has_ended());

    drains.rollback().await.unwrap();
    assert_eq!(host.end().await, 1);
    assert!(host.process.end().await.success());
    assert_eq!(stored(&db, "last").await, 1);
}

#[tokio::test]
async fn a_failure_ends_its_invocation_and_tells_nothing_of_its_cause() {
    let nowhere = format!("postgres://someone:{SECRET}@127.0.0.1:1/nowhere");
    let dead = [("DATABASE_URL", nowhere.as_str()), ("REDIS_URL", "redis://127.0.0.1:1")];
    let mut host = Host::start("sessions-track-interaction", &local(&dead)).await;

    let (status, body) = host.post(3, "/api/sessions/track-interaction", &click("lost")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "unavailable");
    assert!(!body.contains(SECRET) && !body.contains("127.0.0.1"), "{body}");
    assert_eq!(host.end().await, 3);
}

#[tokio::test]
async fn a_panic_ends_its_invocation_and_tells_nothing_of_its_cause() {
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", "vercel::function_that_panics", "--ignored", "--nocapture"]);
    let dead = [("DATABASE_URL", "postgres://127.0.0.1:1/x"), ("REDIS_URL", "redis://127.0.0.1:1")];
    let mut host = Host::start_command(&mut test, &local(&dead)).await;

    for number in [1, 2] {
        let (status, body) = host.get(number, "/api/panics").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body.contains(SECRET), "{body}");
        assert_eq!(host.end().await, number);
    }
}

/// Not a test but a process: the function of the test above.
#[test]
#[ignore = "a function, which another test starts"]
fn function_that_panics() {
    const PANICS: Endpoint = Endpoint {
        id: "PANICS",
        name: "panics",
        group: Group::Track,
        routes: || OpenApiRouter::new().route("/api/panics", get(panics)),
    };
    async fn panics() -> StatusCode {
        panic!("{SECRET}")
    }
    if std::env::var_os("VERCEL_IPC_PATH").is_some() {
        assert_eq!(host_vercel::serve(PANICS), ExitCode::SUCCESS);
    }
}

#[tokio::test]
async fn a_function_that_cannot_use_its_configuration_answers_without_saying_why() {
    let mut host = Host::start("health", &HashMap::new()).await;
    for number in [1, 2] {
        let (status, body) = host.get(number, "/api/health").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(!body.contains("DATABASE_URL") && !body.contains("configur"), "{body}");
        assert_eq!(host.end().await, number);
    }
    assert!(!host.process.has_ended());
}

#[tokio::test]
async fn a_compact_function_serves_all_of_its_group_and_nothing_else() {
    let variables = variables(&[]).await;
    let db = database(&variables).await;
    let mut host = Host::start("compact-track", &variables).await;

    let started = host.post(1, "/api/sessions", &json!({})).await;
    assert!(started.0.is_success(), "{}", started.1);
    host.end().await;
    let tracked = host.post(2, "/api/sessions/track-interaction", &click("compact")).await;
    assert_eq!(tracked.0, StatusCode::OK, "{}", tracked.1);
    host.end().await;
    assert_eq!(stored(&db, "compact").await, 1);

    for (number, path) in [(3, "/api/health"), (4, "/api/_compact/track.rs")] {
        assert_eq!(host.get(number, path).await.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(host.end().await, number);
    }
}

/// Variables of local mode, for functions that need no servers.
fn local(variables: &[(&str, &str)]) -> HashMap<String, String> {
    let all = variables.iter().chain(&[("NEST_HAUS_ENV", "local")]);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
