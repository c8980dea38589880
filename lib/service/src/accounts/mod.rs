//! Who did what.

mod audit;

pub use audit::{AuditReport, record, verify};
