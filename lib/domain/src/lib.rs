//! The rules of NEST-Haus as pure functions: data in, answers out, time passed in.
//!
//! Nothing here does I/O, reads a clock or knows a framework. Each module is a capability and has
//! the same name in `lib/service`, where its doors and its storage are:
//!
//! - [`tracking`]: events, their identity, time and order; session facts; the loss ledger.
//! - [`configurator`]: the catalogue, what was chosen, what it costs, how configurations differ.
//! - [`analytics`]: rates and periods.
//! - [`accounts`]: the chain of the audit log.
//! - [`experiments`]: which variant a unit gets.
//! - [`monitoring`]: what is measured of requests, traces, and when alerts begin and end.
//! - [`notifications`]: messages to administrators, in their language.
//! - [`operations`]: when jobs are due.
//! - [`privacy`]: what is personal data.

pub mod accounts;
pub mod analytics;
pub mod configurator;
pub mod experiments;
pub mod monitoring;
pub mod notifications;
pub mod operations;
pub mod privacy;
pub mod tracking;
