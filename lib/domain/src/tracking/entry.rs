//! What one request adds to the queue.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use super::ids::{SequenceNumber, SessionId, TabId};

/// The streams that events travel in, each with its own drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Queue))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Clicks, selections and visits.
    Interactions,
    /// Snapshots and facts about sessions.
    Configurations,
    /// Performance measurements.
    Metrics,
}

impl Kind {
    /// Every stream.
    pub const ALL: [Self; 3] = [Self::Interactions, Self::Configurations, Self::Metrics];

    /// The name as keys, SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactions => "interactions",
            Self::Configurations => "configurations",
            Self::Metrics => "metrics",
        }
    }

    /// Whether events of this stream serve analysis alone and are refused without consent. What
    /// the visitor's own cart needs stays.
    #[must_use]
    pub const fn needs_consent(self) -> bool {
        matches!(self, Self::Interactions | Self::Metrics)
    }
}

/// One request's worth of events: one queue entry, stored in one piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The server's own id of the request.
    pub id: Uuid,
    /// The stream it belongs to.
    pub kind: Kind,
    /// When the request arrived.
    pub received_at: DateTime<Utc>,
    /// What the request said about its sender.
    pub context: RequestContext,
    /// Claims to sessions whose sender showed no token: session id to claim.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<SessionId, String>,
    /// Events to store.
    pub events: Vec<Event>,
    /// Events refused, kept for the ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<Rejection>,
    /// Sessions of the events that the request itself repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<Option<SessionId>>,
    /// What tabs say about their own numbering.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<SequenceReport>,
}

impl Entry {
    /// Number of events that the request transmitted, whatever became of each.
    #[must_use]
    pub fn received(&self) -> usize {
        self.events.len() + self.rejections.len() + self.repeated.len()
    }
}

/// What a request says about its sender, without an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    /// `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// `Referer`, without its query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Two-letter country that the platform derived from the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// City that the platform derived from the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Names of the headers that a browser sends and this request lacked: evidence of a robot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_headers: Vec<String>,
    /// The autonomous system of the address, as the platform derived it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autonomous_system: Option<u32>,
}

/// An event that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// Position in the request, from 0.
    pub index: usize,
    /// The client's id of the event.
    pub event_id: Option<String>,
    /// The session, where it could be read.
    pub session_id: Option<SessionId>,
    /// The tab, where it could be read.
    pub tab_id: Option<TabId>,
    /// The sequence number, where it could be read.
    pub seq: Option<SequenceNumber>,
    /// Stable reason.
    pub code: String,
    /// The field at fault.
    pub field: String,
    /// What is wrong with it and what is allowed.
    pub message: String,
    /// The event as sent, cut to a bounded length; empty where consent forbids keeping it.
    pub payload: String,
}

/// What a tab says about the events that it has numbered so far, cumulative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SequenceReport {
    /// The session.
    pub session_id: SessionId,
    /// The tab.
    pub tab_id: TabId,
    /// Events numbered so far.
    pub emitted: i64,
    /// Events that the client gave up, by reason.
    #[serde(default)]
    pub dropped_local: BTreeMap<String, i64>,
}
