//! What a visitor did, in the domain's own words.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::{EventId, IdSource, SequenceNumber, SessionId, TabId};

/// One thing that happened, with its identity, time and place in the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Position in its request, from 0.
    pub index: usize,
    /// Identity; repetitions of an event share it.
    pub id: EventId,
    /// Who made the identity up.
    pub id_source: IdSource,
    /// The session; only metrics may have none.
    pub session_id: Option<SessionId>,
    /// The tab that counted `seq`.
    pub tab_id: Option<TabId>,
    /// Place in the events that the tab emitted.
    pub seq: Option<SequenceNumber>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Too old on arrival for live numbers.
    pub late: bool,
    /// A visitor's own random id; kept only with consent.
    pub visitor_id: Option<String>,
    /// What happened.
    pub payload: Payload,
}

impl Event {
    /// Whether the event is the visitor's own activity, which keeps a session alive (definitions
    /// b1): input, page views, selections and snapshots are; measurements, periodic saves and
    /// leaving are not.
    #[must_use]
    pub fn is_activity(&self) -> bool {
        match &self.payload {
            Payload::Interaction(interaction) => {
                interaction.interactive && !interaction.event_type.ends_with("_exit")
            }
            Payload::Snapshot(snapshot) => !snapshot.exits && snapshot.trigger != Trigger::AutoSave,
            Payload::Fact(fact) => !matches!(fact, SessionFact::Exited),
            Payload::Metric(_) => false,
        }
    }

    /// The id under which a client reports a measurement, again and again where it grows.
    #[must_use]
    pub fn measurement_id(&self) -> Option<String> {
        let Payload::Metric(metric) = &self.payload else { return None };
        Some(metric.additional_data.as_ref()?.get("id")?.as_str()?.to_owned())
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "camelCase")]
pub enum Payload {
    /// A click, selection, scroll, page visit or any other interaction.
    Interaction(Interaction),
    /// The whole configuration at one moment.
    Snapshot(Snapshot),
    /// A fact about the session that is no configuration.
    Fact(SessionFact),
    /// A performance measurement.
    Metric(Metric),
}

/// A click, selection, scroll, page visit or any other interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interaction {
    /// Free text of the client's vocabulary: `page_visit`, `click`, `selection`, ...
    pub event_type: String,
    /// Free text: `navigation`, `button`, an option category, ...
    pub category: String,
    /// The element that was used.
    pub element_id: Option<String>,
    /// The value that was chosen.
    pub selection_value: Option<String>,
    /// The value that was chosen before.
    pub previous_value: Option<String>,
    /// Milliseconds spent before this event.
    pub time_spent_ms: Option<i64>,
    /// The visitor's device.
    pub device: Option<Device>,
    /// The price that the visitor saw after a selection, in cents.
    pub total_price_cents: Option<i64>,
    /// The change of price that the visitor saw, in cents.
    pub price_change_cents: Option<i64>,
    /// Whether this is the visitor's own doing (heartbeats are not).
    pub interactive: bool,
    /// Anything else that the client sent, personal values sealed.
    pub additional_data: Option<Value>,
}

impl Interaction {
    /// The event type of a choice of an option.
    pub const SELECTION: &'static str = "selection";

    /// Longest name of a page, in characters.
    const PAGE_CHARS_MAX: usize = 200;

    /// The page that the visitor came to, without query and fragment. Today's client calls leaving a
    /// page the same, with the time spent there.
    #[must_use]
    pub fn page_come_to(&self) -> Option<String> {
        let comes = matches!(self.event_type.as_str(), "page_visit" | "page_view")
            && self.time_spent_ms.is_none();
        let page = self.selection_value.as_deref()?.split(['?', '#']).next()?;
        comes.then(|| page.chars().take(Self::PAGE_CHARS_MAX).collect())
    }
}

/// The visitor's device as the client describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// `mobile`, `tablet`, `desktop` or what else the client says.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Viewport width in CSS pixels.
    pub width: Option<i32>,
    /// Viewport height in CSS pixels.
    pub height: Option<i32>,
}

/// What made the client send its whole configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The debounced synchronisation after a choice.
    Sync,
    /// A periodic save.
    AutoSave,
    /// Leaving the page.
    PageExit,
    /// An attempt to order.
    OrderAttempt,
    /// Putting the configuration into the cart.
    CartAdd,
    /// The end of the session.
    Finalize,
}

impl Trigger {
    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::AutoSave => "auto_save",
            Self::PageExit => "page_exit",
            Self::OrderAttempt => "order_attempt",
            Self::CartAdd => "cart_add",
            Self::Finalize => "finalize",
        }
    }
}

/// The whole configuration at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// What made the client send it.
    pub trigger: Trigger,
    /// The configuration as the client sent it.
    pub configuration: Value,
    /// The price that the client claims, in cents.
    pub total_price_cents: Option<i64>,
    /// The cart holds the concept check alone.
    pub ohne_nest_mode: Option<bool>,
    /// The visitor left with it.
    pub exits: bool,
    /// The visitor finished configuring with it.
    pub completes: bool,
}

/// A fact about a session that is no configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", content = "value", rename_all = "snake_case")]
pub enum SessionFact {
    /// The server gave the session its id.
    Started,
    /// The visitor left.
    Exited,
    /// Something without a configuration went into the cart.
    CartAdd {
        /// The price that the client claims, in cents.
        total_price_cents: Option<i64>,
        /// The cart holds the concept check alone.
        ohne_nest_mode: Option<bool>,
    },
    /// The cart holds the concept check alone, or no longer does.
    OhneNestMode(bool),
    /// The browser says that it paid. No order is confirmed by that.
    Converted {
        /// The payment provider's reference.
        payment_intent_id: Option<String>,
        /// The price that the client claims, in cents.
        total_price_cents: Option<i64>,
    },
    /// The visitor's choice about cookies.
    Consent(Consent),
    /// Personal data, each field sealed.
    UserData(Vec<UserDataField>),
}

impl SessionFact {
    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Exited => "exited",
            Self::CartAdd { .. } => "cart_add",
            Self::OhneNestMode(_) => "ohne_nest_mode",
            Self::Converted { .. } => "converted",
            Self::Consent(_) => "consent",
            Self::UserData(_) => "user_data",
        }
    }
}

/// The visitor's choice about cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// May be analysed.
    pub analytics: bool,
    /// May be advertised to.
    pub marketing: bool,
    /// May be given comfort functions.
    pub functional: bool,
}

/// One field of personal data, sealed before it left the function that received it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDataField {
    /// The field's name, `email` for example.
    pub name: String,
    /// The sealed value.
    pub sealed: String,
}

/// A performance measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The metric's name: `LCP`, `price_calc_time`, ...
    pub name: String,
    /// The measured value, in the metric's own unit.
    pub value: f64,
    /// The endpoint that was measured.
    pub endpoint: Option<String>,
    /// Anything else that the client sent.
    pub additional_data: Option<Value>,
}
