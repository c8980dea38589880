//! The rules of NEST-Haus as pure functions: data in, answers out, time passed in.
//!
//! Nothing here does I/O, reads a clock or knows a framework. Each module is a capability and has
//! the same name in `lib/service`, where its doors and its storage are:
//!
//! - [`tracking`]: events, their identity, time and order; session facts; the loss ledger.
//! - [`configurator`]: the configuration snapshot and its completion.
//! - [`analytics`]: rates and periods.
//! - [`privacy`]: what is personal data.

pub mod analytics;
pub mod configurator;
pub mod privacy;
pub mod tracking;
