//! Synthetic visitors whose true numbers are known, and click streams of other systems in our own
//! form. For tests, demonstrations and large databases; nothing here is part of what is deployed.
//!
//! A [`Simulation`] makes sessions one after another, in the order of their begin: what their
//! visitors did, as the transmissions that the tracker sends, and beside it the [`Truth`], which it
//! counts by itself while they act, with no code of the analytics. Everything follows from the
//! seed.
//!
//! - [`Transmission`] is one request: as HTTP ([`Transmission::request`]) or as what the server
//!   makes of it ([`Transmission::entry`]).
//! - [`clickstream`] reads recorded click streams and maps them to requests.

mod behaviour;
mod book;
pub mod clickstream;
mod configuring;
mod dice;
mod plan;
mod request;
mod simulation;
mod tab;
mod transmission;
mod truth;
mod visitor;

pub use book::TOUR;
pub use request::Request;
pub use simulation::{NoSimulation, Payment, Scenario, Session, Simulation};
pub use transmission::Transmission;
pub use truth::{
    Attribution, Cohort, Credit, Credits, Deeds, EventCounts, Houses, LevelCounts, NodeCounts,
    OptionCounts, PriceJump, RETURN_WINDOW, Steps, Totals, Truth, Votes, Ways,
};
pub use visitor::{INTERNAL_SESSION_PREFIX, Population};
