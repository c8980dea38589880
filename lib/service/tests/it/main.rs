//! Integration tests: contracts, and every endpoint and job on real PostgreSQL and Redis.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and reads its own environment"
)]

mod access;
mod accounts;
mod alerts;
mod attribution;
mod catalogue;
mod comparisons;
mod contract;
mod controls;
mod data_retention;
mod description;
mod drain;
mod events;
mod exports;
mod flows;
mod funnel;
mod health;
mod heatmaps;
mod invitations;
mod jobs;
mod journeys;
mod kept_reports;
mod ledger;
mod live;
mod mails;
mod notifications;
mod original;
mod plans;
mod planted;
mod popular;
mod price_reports;
mod prices;
mod real_data;
mod recording;
mod refusals;
mod regressions;
mod reports;
mod retention;
mod second_factor;
mod session_lists;
mod sessions;
mod simulated_day;
mod speed;
mod structure;
mod synth;
mod synth_reports;
mod telemetry;
mod visits;
