//! Integration tests: contracts, and every endpoint and job on real PostgreSQL and Redis.

mod contract;
mod drain;
mod events;
mod ledger;
mod original;
mod refusals;
mod reports;
mod sessions;
