//! Everything between a request and its answer. Knows no host.
//!
//! A map, from the outside in:
//!
//! - [`endpoints`]: the registry of all endpoints; start reading here.
//! - [`jobs`]: the registry of all jobs, and what runs them.
//! - [`description`]: the OpenAPI document of all of them, and its page.
//! - [`service`]: a router as hosts call it, and [`work`] to be done after an answer.
//! - Capabilities, each named as in `nest_haus_domain`, with its doors and its storage:
//!   [`tracking`] (events in, the drain, dead letters, the ledger), [`analytics`] (reports),
//!   [`configurator`] (catalogue and prices), [`accounts`] (people, keys, the audit log), [`monitoring`] (health),
//!   [`notifications`] (messages to administrators), [`operations`] (runs of jobs, partitions, annotations).
//!   [`operations`] (runs of jobs, partitions, annotations), [`data_retention`] (what goes by age), [`reports`]
//!   (reports that are made once and kept).
//! - [`setup`]: what a database needs before it serves.
//! - [`queue`]: Redis streams, leases and live state.
//! - [`http`]: what endpoints share: context, bodies, problems, access, limits.
//! - [`platform`]: configuration, clock, PostgreSQL, Redis, sealing of personal data,
//!   mails, telemetry.
//!
//! `platform` uses nothing beside it; `http` and `queue` use `platform`; a capability uses those and
//! what another capability re-exports.

pub mod accounts;
pub mod analytics;
pub mod configurator;
pub mod customers;
pub mod data_retention;
pub mod description;
pub mod endpoints;
pub mod http;
pub mod jobs;
pub mod monitoring;
pub mod notifications;
pub mod operations;
pub mod platform;
pub mod queue;
pub mod reports;
pub mod service;
pub mod setup;
#[cfg(feature = "testing")]
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test cannot go on without its bed"
)]
pub mod testing;
pub mod tracking;
pub mod work;
