//! Alerts: rules are measured every five minutes, and what is wrong becomes an incident and its message
//! in one transaction.

pub mod admin;
mod anomalies;
pub mod backtest;
mod evaluation;
mod incidents;
mod measured;
mod outage;
mod requests;
pub mod rules;

pub use evaluation::{EvaluationReport, evaluate};
pub use outage::{database_back_at, tell_of_outage};
