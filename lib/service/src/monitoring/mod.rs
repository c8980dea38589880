//! Whether the system is well.

pub mod health;
