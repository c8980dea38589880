//! Who may do what, and who did what: roles, states of accounts, the second factor, waits after wrong
//! tries, and the chain that makes the audit log tamper-evident.

mod account_state;
mod audit;
mod backoff;
mod roles;
mod second_factor;

pub use account_state::AccountState;
pub use audit::{AuditEntry, BrokenChain, FIRST_HASH, verify_chain};
pub use backoff::Backoff;
pub use roles::{Permission, Principal, Role, permission_table};
pub use second_factor::{
    Code, RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, SecondFactor, UnusableSecret, recovery_code,
};
