//! Integration tests: contracts, and every endpoint and job on real PostgreSQL and Redis.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and reads its own environment"
)]

mod accounts;
mod catalogue;
mod contract;
mod drain;
mod events;
mod heatmaps;
mod journeys;
mod ledger;
mod live;
mod original;
mod plans;
mod popular;
mod price_reports;
mod prices;
mod refusals;
mod regressions;
mod reports;
mod session_lists;
mod sessions;
mod speed;
mod structure;
mod visits;
