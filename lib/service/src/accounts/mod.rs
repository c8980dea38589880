//! Who may do what, and who did what.

pub mod api_keys;
mod audit;
pub mod audit_log;
mod may;
mod password;
mod secret;
mod session;
pub mod sign_in;
pub mod users;

pub use audit::{AuditReport, record, verify};
pub use may::{
    Granted, May, ReadAnalytics, ReadAudit, ReadCatalogue, ReadUsers, SignedIn, WriteApiKeys,
    WriteCatalogue, WritePayments, WriteSettings, WriteUsers,
};
