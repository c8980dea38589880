//! What is known of a session: a set of registers that merge in any order.
//!
//! Each register keeps one value, the first or the last by the order of events (occurred at,
//! sequence number, event id). Merging is therefore commutative, associative and idempotent:
//! late, repeated and reordered events lead to the same facts, in Redis, in PostgreSQL and in a
//! rebuild. The status is never stored as a fact; it is derived here and nowhere else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entry::Entry;
use super::event::{Event, Interaction, Payload, SessionFact, Trigger};
use super::ids::EventId;

/// Which value of a register stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The earliest.
    First,
    /// The latest.
    Last,
}

/// The place of a value in the order of events, as text of fixed width that sorts like it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(String);

impl Stamp {
    /// Width of a stamp in bytes: 16 digits of microseconds, 10 of sequence, 32 of event id.
    pub const BYTES: usize = 58;

    /// The stamp of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self::new(event.occurred_at, event.seq.map_or(0, i64::from), event.id)
    }

    fn new(at: DateTime<Utc>, seq: i64, id: EventId) -> Self {
        let micros = at.timestamp_micros().max(0);
        Self(format!("{micros:016}{seq:010}{}", id.as_uuid().simple()))
    }

    /// The stamp of something that a request itself says, at its arrival.
    #[must_use]
    pub fn of_request(entry: &Entry) -> Self {
        let micros = entry.received_at.timestamp_micros().max(0);
        Self(format!("{micros:016}{:010}{}", 0, entry.id.simple()))
    }

    /// The stamp as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment in it.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let micros = self.0.get(..16)?.parse().ok()?;
        DateTime::from_timestamp_micros(micros)
    }

    /// Reads a stamp from text of the right width.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == Self::BYTES).then(|| Self(text.to_owned()))
    }
}

/// A value with its place in the order of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// The place.
    pub stamp: Stamp,
    /// The value.
    pub value: Value,
}

/// The names of the registers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Register {
    /// First event of any kind.
    Started,
    /// Last activity of the visitor.
    LastActivity,
    /// Last time the visitor left.
    LastExit,
    /// First choice of an option.
    FirstSelection,
    /// First snapshot.
    FirstSnapshot,
    /// First time that something went into the cart.
    FirstCart,
    /// First completion.
    Completed,
    /// First claim of a payment.
    Converted,
    /// Latest configuration with the price that the client claimed.
    Configuration,
    /// Whether the cart holds the concept check alone.
    OhneNestMode,
    /// The visitor's choice about cookies.
    Consent,
    /// The visitor's own id.
    VisitorId,
    /// The device.
    Device,
    /// The latest page that was come to.
    Page,
    /// The first request's context.
    Context,
    /// The claim of the client that the session belongs to.
    Owner,
    /// Sealed personal data, by field.
    UserData(String),
    /// A register of another release, kept as it is.
    Other(String),
}

impl Register {
    const USER_DATA: &'static str = "userData.";

    /// The register's name as Redis and JSON spell it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Started => "started".to_owned(),
            Self::LastActivity => "lastActivity".to_owned(),
            Self::LastExit => "lastExit".to_owned(),
            Self::FirstSelection => "firstSelection".to_owned(),
            Self::FirstSnapshot => "firstSnapshot".to_owned(),
            Self::FirstCart => "firstCart".to_owned(),
            Self::Completed => "completed".to_owned(),
            Self::Converted => "converted".to_owned(),
            Self::Configuration => "configuration".to_owned(),
            Self::OhneNestMode => "ohneNestMode".to_owned(),
            Self::Consent => "consent".to_owned(),
            Self::VisitorId => "visitorId".to_owned(),
            Self::Device => "device".to_owned(),
            Self::Page => "page".to_owned(),
            Self::Context => "context".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::UserData(field) => format!("{}{field}", Self::USER_DATA),
            Self::Other(name) => name.clone(),
        }
    }

    /// Which value stays.
    #[must_use]
    pub const fn keep(&self) -> Keep {
        match self {
            Self::Started
            | Self::FirstSelection
            | Self::FirstSnapshot
            | Self::FirstCart
            | Self::Completed
            | Self::Converted
            | Self::Context
            | Self::Owner => Keep::First,
            Self::LastActivity
            | Self::LastExit
            | Self::Configuration
            | Self::OhneNestMode
            | Self::Consent
            | Self::VisitorId
            | Self::Device
            | Self::Page
            | Self::UserData(_)
            | Self::Other(_) => Keep::Last,
        }
    }

    /// The register of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let plain = [
            Self::Started,
            Self::LastActivity,
            Self::LastExit,
            Self::FirstSelection,
            Self::FirstSnapshot,
            Self::FirstCart,
            Self::Completed,
            Self::Converted,
            Self::Configuration,
            Self::OhneNestMode,
            Self::Consent,
            Self::VisitorId,
            Self::Device,
            Self::Page,
            Self::Context,
            Self::Owner,
        ];
        let user_data =
            || name.strip_prefix(Self::USER_DATA).map(|field| Self::UserData(field.to_owned()));
        let known = plain.into_iter().find(|register| register.name() == name).or_else(user_data);
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl Serialize for Register {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Register {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of_name(&String::deserialize(deserializer)?))
    }
}

/// A session's status as the front end and the old system name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = SessionStatus))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nothing below happened.
    Active,
    /// The visitor left and did nothing since.
    Abandoned,
    /// Something is in the cart.
    InCart,
    /// The configuration was completed.
    Completed,
    /// The browser says that it paid.
    Converted,
}

impl Status {
    /// Every status, from the weakest fact to the strongest.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Abandoned, Self::InCart, Self::Completed, Self::Converted];

    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Abandoned => "ABANDONED",
            Self::InCart => "IN_CART",
            Self::Completed => "COMPLETED",
            Self::Converted => "CONVERTED",
        }
    }
}

/// All registers of one session.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionFacts(BTreeMap<Register, Stamped>);

impl SessionFacts {
    /// The facts that one event states.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let mut facts = Self::default();
        let stamp = Stamp::of(event);
        let mut note = |register, value| facts.note(register, &stamp, value);
        note(Register::Started, Value::Null);
        if event.is_activity() {
            note(Register::LastActivity, Value::Null);
        }
        if let Some(visitor_id) = &event.visitor_id {
            note(Register::VisitorId, json!(visitor_id));
        }
        match &event.payload {
            Payload::Interaction(interaction) => note_interaction(interaction, note),
            Payload::Snapshot(snapshot) => {
                note(Register::FirstSnapshot, Value::Null);
                note(
                    Register::Configuration,
                    json!({
                        "configuration": snapshot.configuration,
                        "totalPriceCents": snapshot.total_price_cents,
                        "trigger": snapshot.trigger,
                    }),
                );
                if snapshot.trigger == Trigger::CartAdd {
                    note(Register::FirstCart, Value::Null);
                }
                if let Some(mode) = snapshot.ohne_nest_mode {
                    note(Register::OhneNestMode, json!(mode));
                }
                if snapshot.completes {
                    note(Register::Completed, Value::Null);
                }
                if snapshot.exits {
                    note(Register::LastExit, Value::Null);
                }
            }
            Payload::Fact(fact) => match fact {
                SessionFact::Started => {}
                SessionFact::Exited => note(Register::LastExit, Value::Null),
                SessionFact::CartAdd { ohne_nest_mode, .. } => {
                    note(Register::FirstCart, Value::Null);
                    if let Some(mode) = ohne_nest_mode {
                        note(Register::OhneNestMode, json!(mode));
                    }
                }
                SessionFact::OhneNestMode(mode) => note(Register::OhneNestMode, json!(mode)),
                SessionFact::Converted { payment_intent_id, total_price_cents } => note(
                    Register::Converted,
                    json!({
                        "paymentIntentId": payment_intent_id,
                        "totalPriceCents": total_price_cents,
                    }),
                ),
                SessionFact::Consent(consent) => note(Register::Consent, json!(consent)),
                SessionFact::UserData(fields) => {
                    for field in fields {
                        note(Register::UserData(field.name.clone()), json!(field.sealed));
                    }
                }
            },
            Payload::Metric(_) => {}
        }
        facts
    }

    /// Notes one value; it stays only if it is the one that the register keeps.
    pub fn note(&mut self, register: Register, stamp: &Stamp, value: Value) {
        self.merge_register(register, Stamped { stamp: stamp.clone(), value });
    }

    /// Merges what another place knows of the same session.
    pub fn merge(&mut self, other: Self) {
        for (register, stamped) in other.0 {
            self.merge_register(register, stamped);
        }
    }

    fn merge_register(&mut self, register: Register, new: Stamped) {
        match self.0.get_mut(&register) {
            Some(kept) => {
                let wins = match register.keep() {
                    Keep::First => new.stamp < kept.stamp,
                    Keep::Last => new.stamp > kept.stamp,
                };
                if wins {
                    *kept = new;
                }
            }
            None => {
                self.0.insert(register, new);
            }
        }
    }

    /// Every register with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&Register, &Stamped)> {
        self.0.iter()
    }

    /// Whether the visitor agreed to being analysed; nothing while the visitor has not said.
    #[must_use]
    pub fn analytics_consent(&self) -> Option<bool> {
        self.value(&Register::Consent)?.get("analytics")?.as_bool()
    }

    /// Forgets what may not be kept after a refusal: the visitor's own id.
    pub fn forget_after_refusal(&mut self) {
        if self.analytics_consent() == Some(false) {
            self.forget(&Register::VisitorId);
        }
    }

    /// Forgets one register.
    pub fn forget(&mut self, register: &Register) {
        self.0.remove(register);
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a register.
    #[must_use]
    pub fn value(&self, register: &Register) -> Option<&Value> {
        self.0.get(register).map(|stamped| &stamped.value)
    }

    /// The moment of a register's value.
    #[must_use]
    pub fn at(&self, register: &Register) -> Option<DateTime<Utc>> {
        self.0.get(register).and_then(|stamped| stamped.stamp.at())
    }

    /// The status that the facts amount to. CONVERTED over COMPLETED over `IN_CART` over ABANDONED
    /// over ACTIVE; ABANDONED holds only while no activity follows the latest exit.
    #[must_use]
    pub fn status(&self) -> Status {
        let has = |register| self.0.contains_key(&register);
        if has(Register::Converted) {
            Status::Converted
        } else if has(Register::Completed) {
            Status::Completed
        } else if has(Register::FirstCart) {
            Status::InCart
        } else if has(Register::LastExit)
            && self.at(&Register::LastExit) >= self.at(&Register::LastActivity)
        {
            Status::Abandoned
        } else {
            Status::Active
        }
    }

    /// The latest configuration as the client sent it.
    #[must_use]
    pub fn configuration(&self) -> Option<&Value> {
        self.value(&Register::Configuration)?.get("configuration")
    }

    /// The price in cents that the client claimed with the latest configuration.
    #[must_use]
    pub fn claimed_price_cents(&self) -> Option<i64> {
        self.value(&Register::Configuration)?.get("totalPriceCents")?.as_i64()
    }

    /// The sealed personal data, by field.
    pub fn user_data(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(register, stamped)| match register {
            Register::UserData(field) => Some((field.as_str(), stamped.value.as_str()?)),
            _ => None,
        })
    }
}

/// Notes what an interaction says about its session.
fn note_interaction(interaction: &Interaction, mut note: impl FnMut(Register, Value)) {
    if let Some(device) = &interaction.device {
        note(Register::Device, json!(device));
    }
    if let Some(page) = interaction.page_come_to() {
        note(Register::Page, json!(page));
    }
    if interaction.event_type == Interaction::SELECTION {
        note(Register::FirstSelection, Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Consent, Snapshot};
    use super::super::ids::{IdSource, SequenceNumber, SessionId};
    use super::*;
    use proptest::prelude::*;

    fn event(millis: i64, payload: Payload) -> Event {
        let at = DateTime::from_timestamp_millis(millis).unwrap();
        Event {
            index: 0,
            id: EventId::from_server(at, 0, [7; 8]),
            id_source: IdSource::Server,
            session_id: Some(SessionId::try_from("s".to_owned()).unwrap()),
            tab_id: None,
            seq: None,
            occurred_at: at,
            late: false,
            visitor_id: None,
            payload,
        }
    }

    fn click() -> Payload {
        Payload::Interaction(Interaction {
            event_type: "click".into(),
            category: "button".into(),
            element_id: None,
            selection_value: None,
            previous_value: None,
            time_spent_ms: None,
            device: None,
            total_price_cents: None,
            price_change_cents: None,
            interactive: true,
            additional_data: None,
        })
    }

    fn snapshot(trigger: Trigger, exits: bool, completes: bool) -> Payload {
        Payload::Snapshot(Snapshot {
            trigger,
            configuration: json!({"nest": "nest80", "by": trigger}),
            total_price_cents: Some(100),
            ohne_nest_mode: None,
            exits,
            completes,
        })
    }

    fn converted() -> Payload {
        Payload::Fact(SessionFact::Converted { payment_intent_id: None, total_price_cents: None })
    }

    fn fold(events: &[Event]) -> SessionFacts {
        let mut facts = SessionFacts::default();
        for event in events {
            facts.merge(SessionFacts::of(event));
        }
        facts
    }

    #[test]
    fn leaving_is_abandoning_only_until_the_visitor_does_something_again() {
        let exit = event(10, Payload::Fact(SessionFact::Exited));
        let mut events = vec![event(1, click()), exit];
        assert_eq!(fold(&events).status(), Status::Abandoned);
        events.push(event(11, click()));
        assert_eq!(fold(&events).status(), Status::Active);
        events.push(event(12, Payload::Fact(SessionFact::Exited)));
        assert_eq!(fold(&events).status(), Status::Abandoned);
    }

    #[test]
    fn an_exit_beacon_takes_nothing_away() {
        let cart = event(5, snapshot(Trigger::CartAdd, false, false));
        let exit = event(9, Payload::Fact(SessionFact::Exited));
        let facts = fold(&[cart, exit]);
        assert_eq!(facts.status(), Status::InCart);
        assert_eq!(facts.configuration(), Some(&json!({"nest": "nest80", "by": "cart_add"})));
        assert_eq!(facts.claimed_price_cents(), Some(100));
    }

    #[test]
    fn the_page_is_the_latest_that_was_come_to_without_its_query() {
        let visit = |millis, page: &str, time_spent_ms| {
            let Payload::Interaction(click) = click() else { unreachable!() };
            let visit = Interaction {
                event_type: "page_visit".into(),
                selection_value: Some(page.into()),
                time_spent_ms,
                ..click
            };
            event(millis, Payload::Interaction(visit))
        };
        let facts = fold(&[
            visit(1, "/", None),
            visit(3, "/warenkorb?mode=konzept-check", None),
            visit(4, "/", Some(3)),
        ]);
        assert_eq!(facts.value(&Register::Page), Some(&json!("/warenkorb")));
    }

    #[test]
    fn stronger_facts_win_whatever_came_last() {
        let events = [
            event(1, converted()),
            event(2, snapshot(Trigger::OrderAttempt, false, true)),
            event(3, snapshot(Trigger::CartAdd, false, false)),
            event(4, Payload::Fact(SessionFact::Exited)),
        ];
        assert_eq!(fold(&events).status(), Status::Converted);
        assert_eq!(fold(&events[1..]).status(), Status::Completed);
        assert_eq!(fold(&events[2..]).status(), Status::InCart);
    }

    #[test]
    fn stamps_sort_by_time_then_sequence_then_id() {
        let mut early = event(1, click());
        early.seq = Some(SequenceNumber::try_from(2).unwrap());
        let mut later_in_tab = event(1, click());
        later_in_tab.seq = Some(SequenceNumber::try_from(10).unwrap());
        assert!(Stamp::of(&early) < Stamp::of(&later_in_tab));
        assert!(Stamp::of(&later_in_tab) < Stamp::of(&event(2, click())));
        assert_eq!(Stamp::of(&early).as_str().len(), Stamp::BYTES);
    }

    #[test]
    fn every_register_is_found_by_its_name() {
        let keyed = [Register::UserData("email".into())];
        let facts =
            fold(&[event(1, snapshot(Trigger::CartAdd, true, true)), event(2, converted())]);
        for register in facts.iter().map(|(register, _)| register).chain(&keyed) {
            assert_eq!(Register::of_name(&register.name()), *register);
        }
        assert_eq!(Register::of_name("of a later release").name(), "of a later release");
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let consent = Consent { analytics: true, marketing: false, functional: true };
        let payload = prop_oneof![
            Just(click()),
            Just(Payload::Fact(SessionFact::Exited)),
            Just(Payload::Fact(SessionFact::Consent(consent))),
            Just(converted()),
            (any::<bool>(), any::<bool>()).prop_map(|(exits, completes)| snapshot(
                Trigger::Sync,
                exits,
                completes
            )),
            Just(snapshot(Trigger::CartAdd, false, false)),
        ];
        (0_i64..20, any::<[u8; 8]>(), payload).prop_map(|(millis, random, payload)| {
            let mut event = event(millis, payload);
            event.id = EventId::from_server(event.occurred_at, 0, random);
            event
        })
    }

    proptest! {
        #[test]
        fn facts_do_not_depend_on_order_or_repetition(
            events in proptest::collection::vec(any_event(), 0..12), seed in any::<u64>()
        ) {
            let mut shuffled = events.clone();
            shuffled.extend(events.iter().take(3).cloned());
            shuffled.sort_by_key(|e| e.id.as_uuid().as_u128().wrapping_mul(u128::from(seed | 1)));
            prop_assert_eq!(fold(&events), fold(&shuffled));
        }

        #[test]
        fn facts_merge_in_parts_as_in_whole(
            events in proptest::collection::vec(any_event(), 0..12), cut in 0_usize..12
        ) {
            let cut = cut.min(events.len());
            let mut parts = fold(&events[..cut]);
            parts.merge(fold(&events[cut..]));
            prop_assert_eq!(parts, fold(&events));
        }

        #[test]
        fn facts_survive_json(events in proptest::collection::vec(any_event(), 0..12)) {
            let facts = fold(&events);
            let text = serde_json::to_string(&facts).unwrap();
            prop_assert_eq!(serde_json::from_str::<SessionFacts>(&text).unwrap(), facts);
        }
    }
}
