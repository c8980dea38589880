//! What a process holds for all its requests.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, RwLock};

use chrono::{DateTime, Utc};
use nest_haus_domain::accounts::Principal;
use nest_haus_domain::configurator::PriceLists;
use nest_haus_domain::tracking::{AcceptTimes, Controls};

use super::clock::Clock;
use super::config::{Config, ConfigError};
use super::mailer::Mailer;
use super::postgres;
use super::recorder::Recorder;
use super::redis::Redis;
use super::sealing::Sealer;
use super::sentry::Sentry;
#[cfg(feature = "otlp")]
use super::spans::Spans;
use super::webhook::Webhook;

/// Everything that handlers and jobs share. Cheap to clone; connects to nothing by itself.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// Who proved themselves, by the hash of what they showed, and when.
pub type Principals = HashMap<[u8; 32], (Principal, DateTime<Utc>)>;

/// Which tracking is off or paused, in the texts that Redis keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownControls {
    /// Names of what is off.
    pub off: String,
    /// Until when optional tracking is paused, in milliseconds since 1970.
    pub paused_until: String,
}

impl KnownControls {
    /// What the texts say.
    #[must_use]
    pub fn decode(&self) -> Controls {
        Controls::decode(&self.off, &self.paused_until)
    }
}

/// The parts of an [`App`].
pub struct Inner {
    /// The configuration.
    pub config: Config,
    /// The clock.
    pub clock: Clock,
    /// When the process began.
    pub started_at: DateTime<Utc>,
    /// The database.
    pub db: sqlx::PgPool,
    /// The queue and the live state.
    pub redis: Redis,
    /// What seals personal data.
    pub sealer: Sealer,
    /// What sends mails.
    pub mailer: Mailer,
    /// What tells failures to Sentry.
    pub sentry: Sentry,
    /// What exports spans.
    #[cfg(feature = "otlp")]
    pub spans: Spans,
    /// What was recorded of requests.
    pub recorder: Recorder,
    /// What posts alerts.
    pub webhook: Webhook,
    /// The price lists that were read last. A list never changes, and which one is in force is asked
    /// anew each time; without the database these have to do.
    pub price_lists: RwLock<PriceLists>,
    /// Who proved themselves lately, by the hash of what they showed, and when: those may go on
    /// reading while the database is away.
    pub principals: RwLock<Principals>,
    /// Which tracking is off or paused, as far as this process knows: each request that it appends brings
    /// it up to date.
    pub controls: RwLock<KnownControls>,
    /// How long this process took to take requests in, lately.
    pub accept_times: Mutex<AcceptTimes>,
    /// When this process last looked for overdue jobs, in milliseconds since 1970.
    pub looked_for_overdue_jobs_at: AtomicI64,
    /// Whether this process told that the database is out of reach, while Redis could not remember it.
    pub outage_told: AtomicBool,
}

impl App {
    /// Puts an app together. Must run inside a Tokio runtime, since the pool belongs to one.
    pub fn new(config: Config, clock: Clock) -> Result<Self, ConfigError> {
        choose_tls();
        let db = postgres::pool(&config).map_err(|_| ConfigError::Invalid {
            variable: "DATABASE_URL",
            allowed: "a PostgreSQL address, postgres://user:password@host/name",
        })?;
        let redis = Redis::new(&config).map_err(|_| ConfigError::Invalid {
            variable: "REDIS_URL",
            allowed: "a Redis address, rediss://default:token@host:6379",
        })?;
        let sealer = Sealer::new(&config.encryption_keys)?;
        let mailer = Mailer::new(&config.mail)?;
        let webhook = Webhook::new(&config.alerts);
        // The first look is a minute after the process began: it has better things to do until then.
        let looked_for_overdue_jobs_at = AtomicI64::new(clock.now().timestamp_millis());
        Ok(Self(Arc::new(Inner {
            started_at: clock.now(),
            sentry: Sentry::new(&config),
            #[cfg(feature = "otlp")]
            spans: Spans::new(&config),
            config,
            clock,
            db,
            redis,
            sealer,
            mailer,
            recorder: Recorder::default(),
            price_lists: RwLock::default(),
            principals: RwLock::default(),
            controls: RwLock::default(),
            accept_times: Mutex::default(),
            looked_for_overdue_jobs_at,
            outage_told: AtomicBool::new(false),
            webhook,
        })))
    }
}

/// Chooses the implementation of TLS for the process; a second call changes nothing.
pub fn choose_tls() {
    let _already_chosen = rustls::crypto::ring::default_provider().install_default();
}

impl App {
    /// Whether any session was ever stored.
    pub async fn has_sessions(&self) -> Result<bool, sqlx::Error> {
        let any = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM session_facts) AS "any!""#);
        any.fetch_one(&self.db).await
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
