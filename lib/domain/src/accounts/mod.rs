//! Who may do what, and who did what: roles, and the chain that makes the audit log tamper-evident.

mod audit;
mod roles;

pub use audit::{AuditEntry, BrokenChain, FIRST_HASH, verify_chain};
pub use roles::{Permission, Principal, Role, permission_table};
