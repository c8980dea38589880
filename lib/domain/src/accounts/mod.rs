//! Who did what: the chain that makes the audit log tamper-evident.

mod audit;

pub use audit::{AuditEntry, BrokenChain, FIRST_HASH, verify_chain};
