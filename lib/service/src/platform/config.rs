//! Configuration: read once from variables that the host passes in, validated, typed.

use std::path::PathBuf;
use std::time::Duration;

use nest_haus_domain::analytics::Zone;
use secrecy::{ExposeSecret, SecretString};

/// Why the configuration cannot be used. Names variables, never their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable that has no default is not set.
    #[error("{variable} is not set: {what}")]
    Missing {
        /// Name of the variable.
        variable: &'static str,
        /// What it is for.
        what: &'static str,
    },
    /// A variable has a value that is not allowed.
    #[error("{variable} must be {allowed}")]
    Invalid {
        /// Name of the variable.
        variable: &'static str,
        /// What is allowed.
        allowed: &'static str,
    },
}

/// Where the system runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: secrets may be left out, cookies need no TLS.
    Local,
    /// A preview or staging deployment.
    Staging,
    /// The deployment that visitors use.
    Production,
}

impl Environment {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What is done with events of visitors who have not said whether they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentMode {
    /// They are kept, without anything that identifies a visitor across sessions.
    Implied,
    /// They are refused as `consent_missing`.
    Required,
}

/// How often the platform's cron calls jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronPlan {
    /// As each job is due.
    Frequent,
    /// Once a day; what is late is run after answers.
    Daily,
}

/// Where mails go, and what is in them by configuration.
#[derive(Clone)]
pub struct MailConfig {
    /// `SMTP_URL`: the server that takes mails.
    pub smtp_url: Option<SecretString>,
    /// `MAIL_FROM`: whom they are from.
    pub from: String,
    /// `MAIL_FOLDER`: where they are written in local mode, while there is no server.
    pub folder: Option<PathBuf>,
    /// `PUBLIC_URL`: what links in them begin with, without a slash at the end.
    pub public_url: String,
}

/// Who is told of alerts without being asked whether they want to.
#[derive(Clone)]
pub struct AlertConfig {
    /// `ALERT_WEBHOOK_URL`: where alerts are posted, in the form that Slack reads.
    pub webhook_url: Option<SecretString>,
    /// `ALERT_MAIL_TO`: who is mailed while the database, and with it who subscribed, is out of reach.
    pub mail_to: Vec<String>,
}

/// The whole configuration. `README.md` has the table of variables.
#[derive(Clone)]
pub struct Config {
    /// `NEST_HAUS_ENV`, else from `VERCEL_ENV`.
    pub environment: Environment,
    /// `DATABASE_URL`, else `POSTGRES_URL`.
    pub database_url: SecretString,
    /// `REDIS_URL`, else `KV_URL`, else built from Upstash's REST variables.
    pub redis_url: SecretString,
    /// `REDIS_KEY_PREFIX`: stands before every key.
    pub redis_key_prefix: String,
    /// `DATABASE_POOL_MAX`: connections a process may hold.
    pub database_pool_max: u32,
    /// `CRON_SECRET`: what the platform's cron shows.
    pub cron_secret: Option<SecretString>,
    /// `ENCRYPTION_KEYS`: `id:base64` pairs of 32 bytes, the first seals.
    pub encryption_keys: SecretString,
    /// `SESSION_TOKEN_SECRET`: signs session tokens.
    pub session_token_secret: SecretString,
    /// `SMTP_URL`, `MAIL_FROM`, `MAIL_FOLDER` and `PUBLIC_URL`.
    pub mail: MailConfig,
    /// `ALERT_WEBHOOK_URL` and `ALERT_MAIL_TO`.
    pub alerts: AlertConfig,
    /// `CONSENT_MODE`.
    pub consent_mode: ConsentMode,
    /// `CRON_PLAN`: `frequent` or `daily`.
    pub cron_plan: CronPlan,
    /// `REPORT_TIME_ZONE`: the zone whose days, weeks and months stored reports are of.
    pub report_time_zone: Zone,
    /// `CORS_ALLOWED_ORIGINS`: allowed origins of public endpoints; empty allows all, without credentials.
    pub cors_allowed_origins: Vec<String>,
    /// `RATE_LIMIT_PER_MINUTE`: requests a minute from one address; 0 is no limit.
    pub rate_limit_per_minute: u32,
    /// `RATE_LIMIT_PER_SESSION_PER_MINUTE`: tracking requests a minute that name one session; 0 is no
    /// limit.
    pub rate_limit_per_session_per_minute: u32,
    /// `BREAKER_ACCEPT_P95_MS`: while taking events in is slower than this, hover and scroll wait.
    pub breaker_accept_p95_ms: u32,
    /// `QUEUE_ENTRIES_MAX`: entries that one stream holds.
    pub queue_entries_max: u64,
    /// `QUEUE_BYTES_MAX`: bytes that one stream holds.
    pub queue_bytes_max: u64,
    /// `REQUEST_TIMEOUT_MS`.
    pub request_timeout: Duration,
    /// `JOB_BUDGET_MS`: time that a job may use.
    pub job_budget: Duration,
    /// `AFTER_ANSWER_BUDGET_MS`: time that work after an answer may use.
    pub after_answer_budget: Duration,
    /// `DRAIN_LATE_AFTER_S`: a stream not drained for so long is drained after the next answer.
    pub drain_late_after: Duration,
    /// `SENTRY_DSN`: where failures are told. Read when the app begins, since a wrong one stops nothing.
    pub sentry_dsn: Option<SecretString>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: where spans are exported, by builds with the feature `otlp`.
    pub otlp_endpoint: Option<String>,
    /// `RELEASE`, else the commit that Vercel deployed.
    pub release: String,
}

/// Placeholder secrets of local mode. They protect nothing that leaves the machine.
const LOCAL_ENCRYPTION_KEYS: &str = "local:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const LOCAL_TOKEN_SECRET: &str = "local-session-token-secret-not-for-deployment";

impl Config {
    /// Reads the configuration from variables by name.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let vars = Vars(vars);
        let environment = environment(&vars)?;
        let local =
            |placeholder: &str| (environment == Environment::Local).then(|| placeholder.to_owned());
        Ok(Self {
            environment,
            database_url: vars
                .first(&["DATABASE_URL", "POSTGRES_URL"])
                .ok_or(ConfigError::Missing {
                    variable: "DATABASE_URL",
                    what: "the PostgreSQL database, postgres://user:password@host/name",
                })?
                .into(),
            redis_url: redis_url(&vars)?,
            redis_key_prefix: vars.get("REDIS_KEY_PREFIX").unwrap_or_else(|| "nh:".to_owned()),
            database_pool_max: vars.number("DATABASE_POOL_MAX", 3, 1..=100)?,
            cron_secret: vars.secret("CRON_SECRET", 16)?,
            encryption_keys: vars
                .get("ENCRYPTION_KEYS")
                .or_else(|| local(LOCAL_ENCRYPTION_KEYS))
                .ok_or(ConfigError::Missing {
                    variable: "ENCRYPTION_KEYS",
                    what: "keys that seal personal data, `id:base64` of 32 random bytes",
                })?
                .into(),
            session_token_secret: vars
                .secret("SESSION_TOKEN_SECRET", 32)?
                .or_else(|| local(LOCAL_TOKEN_SECRET).map(Into::into))
                .ok_or(ConfigError::Missing {
                    variable: "SESSION_TOKEN_SECRET",
                    what: "the secret that signs session tokens, 32 characters or more",
                })?,
            mail: mail_config(&vars, environment)?,
            alerts: alert_config(&vars, environment)?,
            consent_mode: match vars.get("CONSENT_MODE").as_deref() {
                None | Some("implied") => ConsentMode::Implied,
                Some("required") => ConsentMode::Required,
                Some(_) => {
                    return Err(ConfigError::Invalid {
                        variable: "CONSENT_MODE",
                        allowed: "`implied` or `required`",
                    });
                }
            },
            cron_plan: cron_plan(&vars)?,
            report_time_zone: report_time_zone(&vars)?,
            cors_allowed_origins: vars.list("CORS_ALLOWED_ORIGINS"),
            rate_limit_per_minute: vars.number("RATE_LIMIT_PER_MINUTE", 1200, 0..=u32::MAX)?,
            rate_limit_per_session_per_minute: vars.number(
                "RATE_LIMIT_PER_SESSION_PER_MINUTE",
                600,
                0..=u32::MAX,
            )?,
            breaker_accept_p95_ms: vars.number("BREAKER_ACCEPT_P95_MS", 200, 1..=60_000)?,
            queue_entries_max: vars.number("QUEUE_ENTRIES_MAX", 1_000_000, 1..=100_000_000)?,
            queue_bytes_max: vars.number("QUEUE_BYTES_MAX", 80_000_000, 1..=100_000_000_000)?,
            request_timeout: vars.millis("REQUEST_TIMEOUT_MS", 9_000)?,
            job_budget: vars.millis("JOB_BUDGET_MS", 55_000)?,
            after_answer_budget: vars.millis("AFTER_ANSWER_BUDGET_MS", 5_000)?,
            drain_late_after: Duration::from_secs(vars.number(
                "DRAIN_LATE_AFTER_S",
                600,
                0..=604_800,
            )?),
            otlp_endpoint: vars.get("OTEL_EXPORTER_OTLP_ENDPOINT"),
            sentry_dsn: vars.get("SENTRY_DSN").map(Into::into),
            release: vars
                .first(&["RELEASE", "VERCEL_GIT_COMMIT_SHA"])
                .unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        })
    }
}

/// A variable of this process. The one place that reads them.
#[must_use]
pub fn process_var(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the exemption that hosts use")]
    std::env::var(name).ok()
}

fn environment(vars: &Vars<'_>) -> Result<Environment, ConfigError> {
    let name = vars.first(&["NEST_HAUS_ENV", "VERCEL_ENV"]);
    match name.as_deref() {
        Some("local" | "development") => Ok(Environment::Local),
        Some("staging" | "preview") => Ok(Environment::Staging),
        None | Some("production") => Ok(Environment::Production),
        Some(_) => Err(ConfigError::Invalid {
            variable: "NEST_HAUS_ENV",
            allowed: "`local`, `staging` or `production`",
        }),
    }
}

fn cron_plan(vars: &Vars<'_>) -> Result<CronPlan, ConfigError> {
    match vars.get("CRON_PLAN").as_deref() {
        None | Some("frequent") => Ok(CronPlan::Frequent),
        Some("daily") => Ok(CronPlan::Daily),
        Some(_) => {
            Err(ConfigError::Invalid { variable: "CRON_PLAN", allowed: "`frequent` or `daily`" })
        }
    }
}

fn report_time_zone(vars: &Vars<'_>) -> Result<Zone, ConfigError> {
    let name = vars.get("REPORT_TIME_ZONE");
    let zone = Zone::of_name(name.as_deref().unwrap_or("Europe/Vienna"));
    let allowed = "an IANA time zone, `Europe/Vienna` for example";
    zone.ok_or(ConfigError::Invalid { variable: "REPORT_TIME_ZONE", allowed })
}

/// The address of Redis: given whole, or from the variables that Upstash's integration sets. The
/// read-only token is never used, and an Upstash host is never spoken to without TLS.
fn redis_url(vars: &Vars<'_>) -> Result<SecretString, ConfigError> {
    let given = vars.first(&["REDIS_URL", "KV_URL"]);
    let from_rest = || {
        let url = vars.first(&["UPSTASH_REDIS_REST_URL", "KV_REST_API_URL"])?;
        let token = vars.first(&["UPSTASH_REDIS_REST_TOKEN", "KV_REST_API_TOKEN"])?;
        let host = url.strip_prefix("https://")?.trim_end_matches('/').to_owned();
        Some(format!("rediss://default:{token}@{host}:6379"))
    };
    let url = given.or_else(from_rest).ok_or(ConfigError::Missing {
        variable: "REDIS_URL",
        what: "the Redis that queues events, rediss://default:token@host:6379",
    })?;
    if url.starts_with("redis://") && url.contains(".upstash.io") {
        return Err(ConfigError::Invalid {
            variable: "REDIS_URL",
            allowed: "a rediss:// address: Upstash is reached by TLS only",
        });
    }
    Ok(url.into())
}

/// Passwords and links must not travel in clear, so that only local mode takes a server or a public
/// address without TLS. Without a server a deployment needs none of this, and sends nothing.
fn mail_config(vars: &Vars<'_>, environment: Environment) -> Result<MailConfig, ConfigError> {
    let is_local = environment == Environment::Local;
    let smtp_url = vars.get("SMTP_URL");
    let is_sealed = |url: &str| {
        url.starts_with("smtps://")
            || (url.starts_with("smtp://") && url.ends_with("?tls=required"))
    };
    if smtp_url.as_deref().is_some_and(|url| !is_local && !is_sealed(url)) {
        return Err(ConfigError::Invalid {
            variable: "SMTP_URL",
            allowed: "smtps://user:password@host, or smtp://user:password@host?tls=required",
        });
    }
    let or_else = |variable, what, local: &str| match vars.get(variable) {
        Some(value) => Ok(value),
        None if smtp_url.is_some() && !is_local => Err(ConfigError::Missing { variable, what }),
        None => Ok(local.to_owned()),
    };
    let from = or_else("MAIL_FROM", "whom mails are from", "NEST-Haus <nest-haus@localhost>")?;
    let what = "the address that links in mails begin with, https://host";
    let public_url = or_else("PUBLIC_URL", what, "http://127.0.0.1:3000")?;
    if vars.get("PUBLIC_URL").is_some() && !is_public_url(&public_url, is_local) {
        return Err(ConfigError::Invalid {
            variable: "PUBLIC_URL",
            allowed: "https://host without a query (in local mode http:// too)",
        });
    }
    let folder = vars.get("MAIL_FOLDER").unwrap_or_else(|| ".dev/mail".to_owned());
    Ok(MailConfig {
        smtp_url: smtp_url.map(Into::into),
        from,
        folder: is_local.then(|| folder.into()),
        public_url: public_url.trim_end_matches('/').to_owned(),
    })
}

/// The address of a webhook is a secret, and what it is told is not for everybody: it goes by TLS.
fn alert_config(vars: &Vars<'_>, environment: Environment) -> Result<AlertConfig, ConfigError> {
    let webhook_url = vars.get("ALERT_WEBHOOK_URL");
    let is_allowed = |url: &str| {
        let is_local = environment == Environment::Local && url.starts_with("http://");
        (url.starts_with("https://") || is_local) && url.parse::<axum::http::Uri>().is_ok()
    };
    if webhook_url.as_deref().is_some_and(|url| !is_allowed(url)) {
        return Err(ConfigError::Invalid {
            variable: "ALERT_WEBHOOK_URL",
            allowed: "an https:// address (in local mode http:// too)",
        });
    }
    let mail_to = vars.list("ALERT_MAIL_TO");
    if mail_to.iter().any(|address| !address.contains('@') || address.contains(char::is_whitespace))
    {
        return Err(ConfigError::Invalid {
            variable: "ALERT_MAIL_TO",
            allowed: "e-mail addresses, separated by commas",
        });
    }
    Ok(AlertConfig { webhook_url: webhook_url.map(Into::into), mail_to })
}

fn is_public_url(text: &str, is_local: bool) -> bool {
    let secure = text.strip_prefix("https://");
    let host = secure.or_else(|| text.strip_prefix("http://").filter(|_| is_local));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '#', ' ', '@', '"']))
}

struct Vars<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Vars<'_> {
    /// A variable; one that is set to nothing counts as not set.
    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name))
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn secret(
        &self,
        variable: &'static str,
        length_min: usize,
    ) -> Result<Option<SecretString>, ConfigError> {
        let secret: Option<SecretString> = self.get(variable).map(Into::into);
        match &secret {
            Some(secret) if secret.expose_secret().len() < length_min => {
                Err(ConfigError::Invalid {
                    variable,
                    allowed: "at least 16 characters (a signing secret 32)",
                })
            }
            _ => Ok(secret),
        }
    }

    fn number<T>(
        &self,
        variable: &'static str,
        default: T,
        allowed: std::ops::RangeInclusive<T>,
    ) -> Result<T, ConfigError>
    where
        T: std::str::FromStr + PartialOrd,
    {
        let Some(text) = self.get(variable) else { return Ok(default) };
        text.parse()
            .ok()
            .filter(|number| allowed.contains(number))
            .ok_or(ConfigError::Invalid { variable, allowed: "a whole number in its range" })
    }

    fn millis(&self, variable: &'static str, default: u64) -> Result<Duration, ConfigError> {
        self.number(variable, default, 1..=900_000).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(&|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const LOCAL: [(&str, &str); 3] = [
        ("NEST_HAUS_ENV", "local"),
        ("DATABASE_URL", "postgres://localhost/x"),
        ("REDIS_URL", "redis://localhost"),
    ];

    fn local_with(variable: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        config(&[LOCAL.as_slice(), &[(variable, value)]].concat())
    }

    #[test]
    fn local_mode_needs_addresses_alone_and_a_deployment_needs_secrets() {
        assert!(config(&LOCAL).is_ok());
        let deployed = config(&LOCAL[1..]).err().unwrap();
        assert!(matches!(deployed, ConfigError::Missing { variable: "ENCRYPTION_KEYS", .. }));
    }

    #[test]
    fn upstash_variables_make_a_tls_address() {
        let vars = [
            ("NEST_HAUS_ENV", "local"),
            ("DATABASE_URL", "postgres://localhost/x"),
            ("UPSTASH_REDIS_REST_URL", "https://eu1-calm-1.upstash.io"),
            ("UPSTASH_REDIS_REST_TOKEN", "t0ken"),
        ];
        let url = config(&vars).ok().unwrap().redis_url;
        assert_eq!(url.expose_secret(), "rediss://default:t0ken@eu1-calm-1.upstash.io:6379");
    }

    #[test]
    fn an_upstash_host_is_refused_without_tls() {
        let vars = [LOCAL[0], LOCAL[1], ("REDIS_URL", "redis://default:x@a.upstash.io:6379")];
        assert!(matches!(
            config(&vars).err(),
            Some(ConfigError::Invalid { variable: "REDIS_URL", .. })
        ));
    }

    #[test]
    fn values_outside_their_range_name_the_variable_and_not_the_value() {
        for (variable, value) in [
            ("CONSENT_MODE", "maybe-so"),
            ("DATABASE_POOL_MAX", "0"),
            ("QUEUE_BYTES_MAX", "lots"),
            ("CRON_SECRET", "short-one"),
            ("REPORT_TIME_ZONE", "Mars/Olympus"),
            ("NEST_HAUS_ENV", "moon-base"),
        ] {
            let pairs: Vec<_> = LOCAL
                .into_iter()
                .filter(|(name, _)| *name != variable)
                .chain([(variable, value)])
                .collect();
            let message = config(&pairs).err().unwrap().to_string();
            assert!(message.contains(variable), "{message}");
            assert!(!message.contains(value), "{message}");
        }
        assert!(local_with("RATE_LIMIT_PER_MINUTE", "0").is_ok());
    }

    #[test]
    fn a_variable_set_to_nothing_is_not_set() {
        assert_eq!(local_with("REDIS_KEY_PREFIX", " ").ok().unwrap().redis_key_prefix, "nh:");
    }

    const DEPLOYED: [(&str, &str); 4] = [
        ("DATABASE_URL", "postgres://localhost/x"),
        ("REDIS_URL", "redis://localhost"),
        ("ENCRYPTION_KEYS", LOCAL_ENCRYPTION_KEYS),
        ("SESSION_TOKEN_SECRET", LOCAL_TOKEN_SECRET),
    ];

    fn deployed_with(pairs: &[(&str, &str)]) -> Result<MailConfig, String> {
        let config = config(&[DEPLOYED.as_slice(), pairs].concat());
        config.map(|config| config.mail).map_err(|error| error.to_string())
    }

    #[test]
    fn mails_of_a_deployment_go_by_tls_and_say_whence_they_come() {
        let none = deployed_with(&[]).ok().unwrap();
        assert!(none.smtp_url.is_none() && none.folder.is_none());
        let server = ("SMTP_URL", "smtp://u:p@mail.example?tls=required");
        let from = ("MAIL_FROM", "NEST-Haus <no-reply@example.com>");
        let url = |url| ("PUBLIC_URL", url);
        for (pairs, named) in [
            (vec![("SMTP_URL", "smtp://mail.example")], "SMTP_URL"),
            (vec![server], "MAIL_FROM"),
            (vec![server, from], "PUBLIC_URL"),
            (vec![server, from, url("http://example.com")], "PUBLIC_URL"),
            (vec![server, from, url("https://example.com?x=1")], "PUBLIC_URL"),
        ] {
            let refused = deployed_with(&pairs).err().unwrap();
            assert!(refused.starts_with(named), "{pairs:?}: {refused}");
        }
        let whole = deployed_with(&[server, from, url("https://example.com/")]).ok().unwrap();
        assert_eq!(whole.public_url, "https://example.com");
    }
}
