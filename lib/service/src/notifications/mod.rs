//! Messages to administrators: kept with what they tell of, sent by mail and webhook until they are taken.

pub mod admin;
mod content;
mod delivery;
mod outbox;
pub mod subscriptions;
mod templates;

pub use content::{AlertMail, Days, Message, ReportMail};
pub use delivery::{DeliveryReport, send_directly, send_notifications};
pub use outbox::{failed_since, queue_alert, queue_report};
