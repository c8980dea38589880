//! What black-box tests run: the command line, whole servers that can be killed, a client.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nest_haus::testing::{ADMIN_KEY, log_file, variables};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long a server may take to answer after its start.
const START_TRIES: u32 = 300;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The operator's command line, built before the tests.
fn nest_haus() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("nest-haus");
    assert!(path.exists(), "build it first: cargo build --package nest-haus-cli");
    path
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Sends a signal to a process of this test.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// A PostgreSQL or Redis server of one test that can crash and come back with its data.
pub(crate) struct Server {
    service: &'static str,
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Server {
    pub(crate) fn start(service: &'static str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("nest-haus-test-{}", Uuid::new_v4().simple()));
        let port = free_port();
        let child = Self::spawn(service, &folder, port);
        Self { service, folder, port, child }
    }

    fn spawn(service: &str, folder: &Path, port: u16) -> Child {
        let mut child = Command::new(root().join("scripts/services"))
            .args(["start", service, "--durable", "--port", &port.to_string(), "--dir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "{service} did not start");
        child
    }

    /// Ends the server at once, as a power failure would.
    pub(crate) fn crash(&mut self) {
        signal(&self.child, "USR1");
        self.child.wait().unwrap();
    }

    /// Starts the server again on the data that it left.
    pub(crate) fn restart(&mut self) {
        self.child = Self::spawn(self.service, &self.folder, self.port);
    }

    pub(crate) fn url(&self) -> String {
        match self.service {
            "postgres" => format!("postgres://nest_haus@127.0.0.1:{}/nest_haus", self.port),
            _ => format!("redis://127.0.0.1:{}", self.port),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        signal_quietly(&self.child);
        let _ended = self.child.wait();
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

fn signal_quietly(child: &Child) {
    let _sent = Command::new("kill").args(["-USR1", &child.id().to_string()]).status();
}

/// Where a server of a test writes its log.
pub(crate) fn log() -> Stdio {
    log_file("serve").map_or_else(Stdio::null, Stdio::from)
}

/// A running system: `nest-haus serve` without its cron, and a client for it.
pub(crate) struct System {
    pub(crate) variables: HashMap<String, String>,
    pub(crate) client: Client,
    base: String,
    child: Child,
}

impl System {
    pub(crate) async fn start(overrides: &[(&str, &str)]) -> Self {
        let variables = variables(overrides).await;
        let migrated = command(&variables, &["migrate"]);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        Self::over(variables).await
    }

    /// Another process over the same servers.
    pub(crate) async fn over(variables: HashMap<String, String>) -> Self {
        let port = free_port();
        let child = Command::new(nest_haus())
            .args(["serve", "--no-cron", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(root())
            .envs(&variables)
            .env("RUST_LOG", "info,sqlx=warn")
            .stderr(log())
            .spawn()
            .unwrap();
        nest_haus::platform::choose_tls();
        let client = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        let system = Self { variables, client, base: format!("http://127.0.0.1:{port}"), child };
        for _ in 0..START_TRIES {
            if system.client.get(system.url("/api/health")).send().await.is_ok() {
                return system;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the system did not start");
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response =
            self.client.post(self.url(path)).body(body.to_string()).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = self.client.get(self.url(path)).bearer_auth(ADMIN_KEY);
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Drains every stream to its end, and brings reports up to date.
    pub(crate) async fn drain(&self) {
        const JOBS: [&str; 4] =
            ["sync-interactions", "sync-configurations", "sync-performance", "aggregate-daily"];
        for job in JOBS {
            for _ in 0..START_TRIES {
                let (status, report) = self.get(&format!("/api/cron/{job}")).await;
                assert_eq!(status, StatusCode::OK, "{report}");
                if report["outcome"] == "already_running" {
                    self.end_runs().await;
                    continue;
                }
                if report["report"]["complete"] == true {
                    break;
                }
                // Work after an answer may be at it for a moment.
                let held = ["leaseHeldElsewhere", "heldElsewhere"];
                assert!(held.iter().any(|held| report["report"][held] == true), "{report}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Lets the runs of jobs give way that a crash left behind: they do by themselves after a minute.
    pub(crate) async fn end_runs(&self) {
        let end = "UPDATE job_runs SET leased_until = started_at WHERE outcome = 'running'";
        sqlx::query(end).execute(&self.pool().await).await.unwrap();
    }

    /// Ends the process at once.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        command(&self.variables, arguments)
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Both identities of the ledger hold, every row counted.
    pub(crate) fn ledger(&self) -> Value {
        let output = self.command(&["ledger"]);
        let ledger: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.success(), "the ledger does not close: {ledger}");
        ledger
    }

    pub(crate) async fn pool(&self) -> sqlx::PgPool {
        sqlx::PgPool::connect(&self.variables["DATABASE_URL"]).await.unwrap()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn command(variables: &HashMap<String, String>, arguments: &[&str]) -> Output {
    let mut command = Command::new(nest_haus());
    command.args(arguments).current_dir(root()).envs(variables).env("RUST_LOG", "error");
    command.output().unwrap()
}

/// A batch of numbered clicks.
pub(crate) fn batch(session: &str, seqs: impl IntoIterator<Item = i64>) -> Value {
    let event = |seq: i64| {
        json!({"eventId": Uuid::now_v7(), "seq": seq, "ageMs": 0, "eventType": "click",
            "category": "button", "elementId": seq.to_string()})
    };
    let events: Vec<Value> = seqs.into_iter().map(event).collect();
    json!({"sessionId": session, "tabId": "tab", "events": events})
}
