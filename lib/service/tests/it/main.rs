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
mod attribution;
mod catalogue;
mod contract;
mod description;
mod drain;
mod events;
mod flows;
mod invitations;
mod ledger;
mod mails;
mod original;
mod plans;
mod planted;
mod popular;
mod prices;
mod refusals;
mod regressions;
mod reports;
mod retention;
mod second_factor;
mod sessions;
mod structure;
mod visits;
