//! Executables that hosts start: functions as Vercel builds them, and Lambda's `bootstrap`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{log, root, signal};

/// Functions that tests run.
const FUNCTIONS: [&str; 3] = ["health", "sessions-track-interaction", "compact-track"];

/// Polls of a process that should end, one every `POLL`.
const POLLS: u32 = 500;
const POLL: Duration = Duration::from_millis(20);

/// The executable of a function: from the deployment build if `NEST_HAUS_FUNCTIONS_DIR` names its
/// folder, seen from the root of the repository, else from a debug build.
pub(crate) fn function(name: &str) -> PathBuf {
    functions_folder().map_or_else(|| BUILT[name].clone(), |folder| folder.join(name))
}

/// The executable that Lambda starts.
pub(crate) fn bootstrap() -> PathBuf {
    BUILT["bootstrap"].clone()
}

fn functions_folder() -> Option<PathBuf> {
    std::env::var_os("NEST_HAUS_FUNCTIONS_DIR").map(|folder| root().join(folder))
}

/// What had to be built, by name.
static BUILT: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(|| {
    let mut arguments = vec!["--package", "host-lambda", "--bin", "bootstrap"];
    if functions_folder().is_none() {
        arguments.extend(["--package", "nest-haus-functions"]);
        arguments.extend(FUNCTIONS.iter().flat_map(|name| ["--bin", name]));
    }
    build(&arguments)
});

fn build(arguments: &[&str]) -> HashMap<String, PathBuf> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .current_dir(root())
        .env("SQLX_OFFLINE", "true")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo build {arguments:?}");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let messages = messages.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let executable = |message: Value| {
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    };
    messages.filter_map(executable).collect()
}

/// A process with nothing but the given variables, which ends with its test.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command, variables: &HashMap<String, String>) -> Self {
        command.env_clear().envs(variables).stdin(Stdio::null());
        Self(command.stdout(Stdio::null()).stderr(log()).spawn().unwrap())
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.0, name);
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// How the process ends, which it must do soon.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        for _ in 0..POLLS {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(POLL).await;
        }
        panic!("the process did not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// A client, once the TLS library that it never uses has been chosen.
pub(crate) fn client(timeout: Duration) -> reqwest::Client {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(timeout).build().unwrap()
}

/// A click as today's client sends it.
pub(crate) fn click(session: &str) -> Value {
    let interaction = json!({"eventType": "click", "category": "button", "elementId": "buy"});
    json!({"sessionId": session, "interaction": interaction})
}

/// Events stored of a session.
pub(crate) async fn stored(db: &sqlx::PgPool, session: &str) -> i64 {
    let query = "SELECT count(*) FROM interaction_events JOIN user_sessions USING (session_key)
                 WHERE session_id = $1";
    sqlx::query_scalar(query).bind(session).fetch_one(db).await.unwrap()
}
