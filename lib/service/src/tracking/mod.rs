//! Events in: the endpoints that take them, their storage, the drain, dead letters, the ledger.

mod accept;
pub mod bulk;
pub mod controls;
pub mod dead_letters;
pub mod drain;
pub mod journey;
pub mod ledger;
pub mod performance;
mod session_token;
pub mod session_updates;
pub mod sessions;
mod store;
pub mod track;
mod wire;
