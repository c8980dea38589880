//! Events in: identity, time, order, session facts and the ledger.

mod breaker;
mod controls;
mod entry;
mod event;
mod facts;
mod ids;
mod ledger;
mod occurrence;

pub use breaker::{AcceptTimes, PAUSE};
pub use controls::{Controls, NotTracked, TrackingKind};
pub use entry::{Entry, Kind, Rejection, RequestContext, SequenceReport};
pub use event::{
    Consent, Device, Event, Interaction, Metric, Payload, SessionFact, Snapshot, Trigger,
    UserDataField,
};
pub use facts::{Keep, Register, SessionFacts, Stamp, Stamped, Status};
pub use ids::{EventId, IdSource, InvalidId, SequenceNumber, SessionId, SessionKey, TabId};
pub use ledger::{SequenceLedger, TransmissionLedger};
pub use occurrence::{LATE_AFTER, Occurrence, SendTimes};
