//! A bed for tests: a fresh database cloned from a migrated template, a key prefix of its own in
//! Redis, a clock that can be set, and requests through the whole service.
//!
//! `DATABASE_URL` and `REDIS_URL` name real servers; `scripts/test` starts throw-away ones.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, Once};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::accounts::Permission;
use nest_haus_domain::configurator::Catalogue;
use nest_haus_domain::tracking::Kind;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};
use uuid::Uuid;

use crate::accounts::api_keys::{NewApiKey, keep};
use crate::analytics::visits;
use crate::configurator::install_first;
use crate::endpoints;
use crate::http::Actor;
use crate::platform::{App, Clock, Config, MIGRATOR, process_var, start_test_telemetry};
use crate::service::{Answer, Service};
use crate::tracking::drain::{DrainReport, drain};

/// The administrator's key on every bed.
pub const ADMIN_KEY: &str = "nhk_test-key-of-every-test-bed-0123456789";

/// A system of its own for one test.
pub struct TestBed {
    /// What the process would hold.
    pub app: App,
    /// The whole system.
    pub service: Service,
    ahead_ms: Arc<AtomicI64>,
}

/// What a person's browser sends with every request, without which a session looks like a robot's.
pub const BROWSER_HEADERS: [(&str, &str); 4] = [
    (
        "user-agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/140.0.0.0 Safari/537.36",
    ),
    ("accept-language", "de-AT,de;q=0.9"),
    ("sec-ch-ua", "\"Chromium\";v=\"140\""),
    ("sec-fetch-site", "same-origin"),
];

fn browser_post(path: &str) -> axum::http::request::Builder {
    BROWSER_HEADERS
        .into_iter()
        .fold(Request::post(path), |request, (name, value)| request.header(name, value))
}

impl Drop for TestBed {
    fn drop(&mut self) {
        if let Some(folder) = &self.app.config.mail.folder {
            // It is there only if a mail was sent.
            let _absent = std::fs::remove_dir_all(folder);
        }
    }
}

/// An answer, read to its end.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null where it is none.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// Reads an answer to its end.
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("body");
        Self {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The cookie that the answer sets, as a browser would send it back.
    #[must_use]
    pub fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get("set-cookie")?.to_str().ok()?;
        cookie.split(';').next().map(str::to_owned)
    }
}

impl TestBed {
    /// A bed with the configuration of local mode.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A bed with some variables set otherwise.
    pub async fn with(overrides: &[(&str, &str)]) -> Self {
        start_logs();
        let variables = variables(overrides).await;
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let (system, ahead) = (Clock::system(), ahead_ms.clone());
        let clock = Clock::from_fn(move || {
            system.now() + TimeDelta::milliseconds(ahead.load(Ordering::SeqCst))
        });
        let config =
            Config::from_vars(&|name| variables.get(name).cloned()).expect("configuration");
        let app = App::new(config, clock).expect("app");
        Self { service: Service::new(endpoints::ALL, app.clone()), app, ahead_ms }
    }

    /// The present instant of this bed.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Moves the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead_ms.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    /// Sends a request through the whole service. Work for after the answer is left undone.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        Reply::read(self.service.call(request).await.response).await
    }

    /// Sends a request, and does the work for after the answer too.
    pub async fn send_and_work(&self, request: Request<Body>) -> Reply {
        let Answer { response, after } = self.service.call(request).await;
        if let Some(work) = after {
            work.await;
        }
        Reply::read(response).await
    }

    /// The mails that were sent, oldest first, as they are in their files.
    #[must_use]
    pub fn mails(&self) -> Vec<Vec<u8>> {
        let folder = self.app.config.mail.folder.as_ref().expect("a folder of mails");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a mail").path()).collect();
        paths.sort();
        paths.into_iter().map(|path| std::fs::read(path).expect("a mail")).collect()
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_text(path, body.to_string()).await
    }

    /// Posts a body as it is.
    pub async fn post_text(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(browser_post(path).body(body.into()).expect("request")).await
    }

    /// Reads a path.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).expect("request")).await
    }

    /// Reads a path as the client of a cookie.
    pub async fn get_as(&self, path: &str, cookie: &str) -> Reply {
        let request = Request::get(path).header("cookie", cookie);
        self.send(request.body(Body::empty()).expect("request")).await
    }

    /// Reads a path as an administrator.
    pub async fn get_as_admin(&self, path: &str) -> Reply {
        let request = Request::get(path).header("authorization", format!("Bearer {ADMIN_KEY}"));
        self.send(request.body(Body::empty()).expect("request")).await
    }

    /// Sends JSON as an administrator.
    pub async fn send_as_admin(&self, method: &str, path: &str, body: Value) -> Reply {
        self.upload_as_admin((method, path), "application/json", body.to_string()).await
    }

    /// Sends a body of any kind as an administrator.
    pub async fn upload_as_admin(
        &self,
        (method, path): (&str, &str),
        content_type: &str,
        body: impl Into<Body>,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .header("authorization", format!("Bearer {ADMIN_KEY}"));
        self.send(request.body(body.into()).expect("request")).await
    }

    /// Drains every stream, brings visits and roll-ups up to date, and answers what the drains did.
    pub async fn drain(&self) -> Vec<DrainReport> {
        let mut reports = Vec::new();
        for kind in Kind::ALL {
            let report = drain(&self.app, kind, self.app.config.job_budget).await;
            reports.push(report.expect("drain"));
        }
        let projected = visits::project(&self.app, self.app.config.job_budget).await;
        assert!(projected.expect("projection").complete);
        reports
    }

    /// Keeps an API key as it is.
    pub async fn keep_key(&self, key: &str, scopes: Vec<String>, expires_in_days: Option<i64>) {
        let new = NewApiKey { name: key.to_owned(), scopes, expires_in_days };
        keep(&self.app.db, &new, key, &Actor::system(), self.now()).await.expect("API key");
    }

    /// One number from the database.
    pub async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.app.db).await.expect("count")
    }
}

/// The variables of a system of its own: a fresh database, a key prefix, the administrator's key.
pub async fn variables(overrides: &[(&str, &str)]) -> HashMap<String, String> {
    let id = Uuid::new_v4().simple().to_string();
    let mut variables: HashMap<String, String> = HashMap::from([
        ("NEST_HAUS_ENV".to_owned(), "local".to_owned()),
        ("DATABASE_URL".to_owned(), fresh_database(&id).await),
        (
            "REDIS_URL".to_owned(),
            process_var("REDIS_URL").expect("REDIS_URL, as scripts/test sets it"),
        ),
        ("REDIS_KEY_PREFIX".to_owned(), format!("test:{id}:")),
        ("RATE_LIMIT_PER_MINUTE".to_owned(), "0".to_owned()),
        ("RATE_LIMIT_PER_SESSION_PER_MINUTE".to_owned(), "0".to_owned()),
        ("MAIL_FOLDER".to_owned(), mail_folder(&id)),
    ]);
    variables
        .extend(overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

/// A new log of that kind in the folder of `NEST_HAUS_TEST_LOGS`, which `scripts/test` looks through
/// afterwards.
#[must_use]
pub fn log_file(kind: &str) -> Option<File> {
    let folder = process_var("NEST_HAUS_TEST_LOGS")?;
    let name = format!("{kind}-{}.jsonl", Uuid::new_v4().simple());
    Some(File::create(Path::new(&folder).join(name)).expect("a log file"))
}

/// Starts the log of this process, once for all its beds.
fn start_logs() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| match log_file("it") {
        Some(file) => start_test_telemetry(Mutex::new(file)),
        None => start_test_telemetry(std::io::sink),
    });
}

/// A folder that comes to be with its first mail.
fn mail_folder(id: &str) -> String {
    std::env::temp_dir().join(format!("nest-haus-mail-{id}")).to_string_lossy().into_owned()
}

/// Clones the migrated template and answers the new database's address.
async fn fresh_database(id: &str) -> String {
    let url = process_var("DATABASE_URL").expect("DATABASE_URL, as scripts/test sets it");
    let server = PgConnectOptions::from_str(&url).expect("DATABASE_URL");
    let template = template(&server).await;
    let name = format!("nh_test_{id}");
    let mut connection = server.connect().await.expect("database server");
    let clone = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
    connection.execute(clone.as_str()).await.expect("clone of the template");
    server.database(&name).to_url_lossy().to_string()
}

/// The template of the present migrations, made by whoever needs it first.
async fn template(server: &PgConnectOptions) -> String {
    let sources = MIGRATOR.iter().flat_map(|migration| migration.checksum.to_vec());
    let sources = sources.chain(Catalogue::FIRST.bytes()).chain(ADMIN_KEY.bytes());
    let hash = hex::encode(&Sha256::digest(sources.collect::<Vec<u8>>())[..8]);
    let name = format!("nh_template_{hash}");
    let mut connection = server.connect().await.expect("database server");
    lock(&mut connection).await;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .expect("list of databases");
    if !exists {
        let unfinished = format!("{name}_unfinished");
        for statement in [
            format!("DROP DATABASE IF EXISTS {unfinished}"),
            format!("CREATE DATABASE {unfinished}"),
        ] {
            connection.execute(statement.as_str()).await.expect("template");
        }
        let options = server.clone().database(&unfinished);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
        let pool = pool.expect("template");
        MIGRATOR.run(&pool).await.expect("migrations");
        let now = Clock::system().now();
        install_first(&pool, now).await.expect("first catalogue");
        let scopes = Permission::ALL.map(|permission| permission.as_str().to_owned()).to_vec();
        let key = NewApiKey { name: "tests".to_owned(), scopes, expires_in_days: None };
        keep(&pool, &key, ADMIN_KEY, &Actor::system(), now).await.expect("API key");
        pool.close().await;
        let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
        connection.execute(rename.as_str()).await.expect("template");
    }
    connection.close().await.expect("lock released");
    name
}

async fn lock(connection: &mut PgConnection) {
    connection.execute("SELECT pg_advisory_lock(7251)").await.expect("lock");
}
