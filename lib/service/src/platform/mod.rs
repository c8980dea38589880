//! What every capability stands on: configuration, clock, database, Redis, sealing, mails, telemetry.

mod app;
mod clock;
mod config;
mod mailer;
mod postgres;
mod redis;
mod sealing;
mod telemetry;
mod webhook;

pub use app::{App, Principals, choose_tls};
pub use clock::Clock;
pub use config::{
    AlertConfig, Config, ConfigError, ConsentMode, CronPlan, Environment, MailConfig, process_var,
};
pub use mailer::{Mail, MailFailure, Mailer};
pub use postgres::{MIGRATOR, begin_bounded, begin_report, begin_report_beside};
pub use redis::{Redis, RedisFailure};
pub use sealing::{Sealer, SealingFailure};
pub use telemetry::start_telemetry;
pub use webhook::{Webhook, WebhookFailure};
