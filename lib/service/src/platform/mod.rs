//! What every capability stands on: configuration, clock, database, Redis, sealing, mails, telemetry.

mod app;
mod clock;
mod config;
mod mailer;
mod measure;
mod outbound;
mod postgres;
mod recorder;
mod redis;
mod sealing;
mod sentry;
#[cfg(feature = "otlp")]
mod spans;
mod telemetry;
mod trace;
mod webhook;

pub use app::{App, KnownControls, Principals, choose_tls};
pub use clock::Clock;
pub use config::{
    AlertConfig, Config, ConfigError, ConsentMode, CronPlan, Environment, MailConfig, process_var,
};
pub use mailer::{Mail, MailFailure, Mailer};
pub use measure::{Costs, Measure};
pub use postgres::{MIGRATOR, begin, begin_bounded, begin_report, begin_report_beside};
pub use recorder::{Flush, Recorder};
pub use redis::{Redis, RedisFailure};
pub use sealing::{Sealer, SealingFailure};
pub use sentry::{Failure, Sentry};
#[cfg(feature = "otlp")]
pub use spans::{Answered, Spans};
pub use telemetry::{last_panic, start_telemetry};
#[cfg(feature = "testing")]
pub use telemetry::{start_test_telemetry, test_logs_subscriber, test_subscriber};
pub use trace::own_span;
pub use webhook::{Webhook, WebhookFailure};
