//! Whether the system is well.

pub mod flags;
pub mod health;
