//! Whether the system is well, and saying so when it is not.

pub mod alerts;
pub mod health;
mod recorded;
