//! The servers that are measured: `nest-haus serve` with a database of its own, and the baselines.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgPool};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};
use uuid::Uuid;

use crate::connection::Target;
use crate::process::Process;
use crate::{Failure, Servers};

/// How long a server may take to answer after its start.
const START_TIME: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(50);

/// What becomes of work that takes longer than this is not waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// Characters of a line of the log that are shown.
const COMPLAINT_MAX: usize = 400;

/// The jobs that empty the streams.
const DRAINS: [&str; 3] = ["sync-interactions", "sync-configurations", "sync-performance"];

/// A server that listens.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) target: Target,
    log: PathBuf,
}

impl Server {
    /// Starts a server that says on standard error where it serves.
    async fn start(command: &mut Command) -> Result<Self, Failure> {
        let log = std::env::temp_dir().join(format!("nest-haus-bench-{}.log", Uuid::new_v4()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let mut process = Process::start(command)?;
        let started = Instant::now();
        loop {
            let text = fs::read_to_string(&log)?;
            let line = text.lines().find_map(|line| line.strip_prefix("serving on http://"));
            if let Some(address) = line.and_then(|line| SocketAddr::from_str(line).ok()) {
                return Ok(Self { process, target: Target::new(address), log });
            }
            if process.child().try_wait()?.is_some() || started.elapsed() > START_TIME {
                return Err(format!("a server did not start: {text}").into());
            }
            sleep(POLL).await;
        }
    }

    /// The baseline that reads a body, and with a prefix for its stream appends it to Redis.
    pub(crate) async fn baseline(servers: &Servers, prefix: Option<&str>) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("baseline");
        if let Some(prefix) = prefix {
            command.args(["--redis", &servers.redis_url, "--stream", &format!("{prefix}stream")]);
        }
        Self::start(&mut command).await
    }

    /// What the server wrote to its log so far.
    pub(crate) fn log(&self) -> Result<String, Failure> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// What the server logged as a warning or an error, as one note; nothing if it did not.
    pub(crate) fn complaints(&self) -> Result<Option<String>, Failure> {
        let log = self.log()?;
        let is_complaint = |line: &&str| line.contains(" WARN ") || line.contains(" ERROR ");
        let complaints: Vec<&str> = log.lines().filter(is_complaint).collect();
        let Some(last) = complaints.last() else { return Ok(None) };
        let last: String = last.chars().take(COMPLAINT_MAX).collect();
        Ok(Some(format!("The system logged {} warnings, the last: {last}", complaints.len())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _absent = fs::remove_file(&self.log);
    }
}

/// A program that was built beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("build {name} first: scripts/bench").into()) }
}

/// The system: a running process, its database and its keys in Redis.
pub(crate) struct System {
    pub(crate) server: Server,
    pub(crate) db: PgPool,
    pub(crate) prefix: String,
    variables: HashMap<String, String>,
}

impl System {
    /// The system over a new database.
    pub(crate) async fn start(servers: &Servers, more: &[(&str, &str)]) -> Result<Self, Failure> {
        let name = format!("bench_{}", Uuid::new_v4().simple());
        let options = PgConnectOptions::from_str(&servers.database_url)?;
        options.connect().await?.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        let url = options.database(&name).to_url_lossy().to_string();
        Self::over(servers, &url, more).await
    }

    /// The system over a database that is there, brought up to date.
    pub(crate) async fn over(
        servers: &Servers,
        database_url: &str,
        more: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let prefix = format!("bench:{}:", Uuid::new_v4().simple());
        let own = [
            ("NEST_HAUS_ENV", "local"),
            ("DATABASE_URL", database_url),
            ("REDIS_URL", &servers.redis_url),
            ("REDIS_KEY_PREFIX", &prefix),
            ("RATE_LIMIT_PER_MINUTE", "0"),
            // One process holds what many functions would share: the queue's bounds are not measured.
            ("QUEUE_BYTES_MAX", "8000000000"),
            ("QUEUE_ENTRIES_MAX", "50000000"),
            // Drains come from the benchmark alone.
            ("DRAIN_LATE_AFTER_S", "604800"),
            ("NO_COLOR", "1"),
        ];
        let all = own.iter().chain(more);
        let variables: HashMap<_, _> =
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let migrated = run(&variables, &["migrate"])?;
        if !migrated.status.success() {
            let message = String::from_utf8_lossy(&migrated.stderr);
            return Err(format!("nest-haus migrate: {message}").into());
        }
        let mut command = Command::new(program("nest-haus")?);
        command.args(["serve", "--no-cron", "--listen", "127.0.0.1:0"]).envs(&variables);
        let server = Server::start(&mut command).await?;
        let db = PgPoolOptions::new().max_connections(2).connect(database_url).await?;
        let system = Self { server, db, prefix, variables };
        // A stream that was never drained counts as late.
        system.drain().await?;
        Ok(system)
    }

    /// Another process over the same servers.
    pub(crate) async fn restarted(self, more: &[(&str, &str)]) -> Result<Self, Failure> {
        let Self { server, db, prefix, mut variables } = self;
        drop(server);
        variables.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let mut command = Command::new(program("nest-haus")?);
        command.args(["serve", "--no-cron", "--listen", "127.0.0.1:0"]).envs(&variables);
        Ok(Self { server: Server::start(&mut command).await?, db, prefix, variables })
    }

    pub(crate) const fn variables(&self) -> &HashMap<String, String> {
        &self.variables
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.server.target
    }

    /// Calls a job as the platform's cron does; its report.
    pub(crate) async fn job(&self, name: &str) -> Result<Value, Failure> {
        job(self.target(), name).await
    }

    /// Drains every stream to its end.
    pub(crate) async fn drain(&self) -> Result<(), Failure> {
        let started = Instant::now();
        for job in DRAINS {
            while self.job(job).await?["report"]["complete"] != true {
                if started.elapsed() > PATIENCE {
                    return Err(format!("{job} does not come to an end").into());
                }
                sleep(POLL).await;
            }
        }
        Ok(())
    }

    /// Waits until no visits are left to project.
    pub(crate) async fn projected(&self) -> Result<(), Failure> {
        let started = Instant::now();
        let waiting =
            "SELECT EXISTS (SELECT FROM stale_visits) OR EXISTS (SELECT FROM stale_hours)";
        while sqlx::query_scalar::<_, bool>(waiting).fetch_one(&self.db).await? {
            if started.elapsed() > PATIENCE {
                return Err("visits are not projected".into());
            }
            // The projection after a drain ends with its time; this goes on.
            self.job("aggregate-daily").await?;
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Seconds that the oldest event waits in the queue.
    pub(crate) async fn queue_age(&self) -> Result<f64, Failure> {
        let health = self.target().get("/api/health?deep=1", None).await?;
        let checks = health["checks"].as_array().cloned().unwrap_or_default();
        let queue = checks.into_iter().find(|check| check["name"] == "queue");
        let detail = queue.and_then(|check| check["detail"].as_str().map(str::to_owned));
        let detail = detail.ok_or("health does not name the queue")?;
        let age = detail.split("oldest ").nth(1).and_then(|rest| rest.split(' ').next());
        Ok(age.ok_or("health does not say the age of the queue")?.parse()?)
    }

    /// What became of every transmission, once all are drained: how many are unaccounted for.
    pub(crate) fn ledger_difference(&self) -> Result<(i64, i64), Failure> {
        let output = run(&self.variables, &["ledger"])?;
        let ledger: Value = serde_json::from_slice(&output.stdout)?;
        let transmissions = &ledger["transmissions"];
        let difference =
            transmissions["difference"].as_i64().ok_or("the ledger has no difference")?;
        Ok((difference, transmissions["received"].as_i64().unwrap_or_default()))
    }

    /// A key that opens every report.
    pub(crate) fn api_key(&self) -> Result<String, Failure> {
        let output =
            run(&self.variables, &["admin", "api-key", "--name", "scripts/bench", "--days", "1"])?;
        let made: Value = serde_json::from_slice(&output.stdout)?;
        Ok(made["key"].as_str().ok_or("no API key was made")?.to_owned())
    }

    /// Ends the process and removes its keys and its database.
    pub(crate) async fn end(self, servers: &Servers) -> Result<(), Failure> {
        let Self { server, db, prefix, variables } = self;
        drop(server);
        db.close().await;
        servers.forget(&prefix).await?;
        let options = PgConnectOptions::from_str(&variables["DATABASE_URL"])?;
        let name = options.get_database().unwrap_or_default().to_owned();
        if name.starts_with("bench_") {
            let mut connection = options.database("postgres").connect().await?;
            connection.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await?;
        }
        Ok(())
    }
}

/// Calls a job of a system as the platform's cron does.
async fn job(target: &Target, name: &str) -> Result<Value, Failure> {
    target.get(&format!("/api/cron/{name}"), None).await
}

/// Drains every stream once, as far as a job's time goes.
pub(crate) async fn drain_once(target: &Target) -> Result<(), Failure> {
    for drain in DRAINS {
        job(target, drain).await?;
    }
    Ok(())
}

/// Drains that go on until they are stopped. None is broken off: its job would count as running for
/// another minute.
pub(crate) struct Drains {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Drains {
    /// Drains every stream again and again. What fails is seen in the system's log, and in the age
    /// of the queue.
    pub(crate) fn start(runtime: &Runtime, target: &Target, every: Duration) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let target = target.clone();
        let task = runtime.spawn(async move {
            let mut due = interval(every);
            loop {
                tokio::select! {
                    _ = due.tick() => {}
                    _ = &mut stopped => return,
                }
                if let Err(failure) = drain_once(&target).await {
                    eprintln!("a drain failed: {failure}");
                }
            }
        });
        Self { stop, task }
    }

    /// Lets the drain that is under way come to its end.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let _stopped_already = self.stop.send(());
        Ok(self.task.await?)
    }
}

/// Runs the command line to its end.
fn run(variables: &HashMap<String, String>, arguments: &[&str]) -> Result<Output, Failure> {
    let mut command = Command::new(program("nest-haus")?);
    command.args(arguments).envs(variables).env("RUST_LOG", "error");
    Ok(command.current_dir(root()).output()?)
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
