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
mod ledger;
mod original;
mod plans;
mod popular;
mod prices;
mod real_data;
mod refusals;
mod regressions;
mod reports;
mod sessions;
mod structure;
mod synth;
mod visits;
