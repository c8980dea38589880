//! Who may do what, and who did what.

pub mod api_keys;
mod audit;
pub mod audit_log;
pub mod invitations;
mod mails;
mod may;
mod password;
mod password_links;
pub mod password_reset;
mod retention;
pub mod second_factor;
mod secret;
mod session;
pub mod sign_in;
mod tries;
pub mod users;

pub use audit::{AuditReport, record, verify};
pub use may::{
    Granted, May, ReadAnalytics, ReadAudit, ReadCatalogue, ReadUsers, RunJobs, SignedIn,
    WriteAlerts, WriteApiKeys, WriteCatalogue, WritePayments, WriteSettings, WriteUsers,
};
pub use retention::sweep;
