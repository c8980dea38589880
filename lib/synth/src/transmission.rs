//! One request of the tracker: over HTTP, and as what the server makes of it.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{
    Entry, Event, Interaction, Kind, Metric, Payload, RequestContext, SequenceReport, SessionFact,
    Snapshot, Trigger,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::request::Request;

/// Events that are sent together.
#[derive(Debug, Clone, PartialEq)]
pub struct Transmission {
    /// The id that the server gives the request when it is stored without HTTP.
    pub id: Uuid,
    /// When it arrives.
    pub arrival: DateTime<Utc>,
    /// The stream that it goes to.
    pub kind: Kind,
    /// What it says about its sender.
    pub context: RequestContext,
    /// How far the sender's clock is ahead.
    pub clock_ahead: TimeDelta,
    /// Events, all of one session and one tab.
    pub events: Vec<Event>,
    /// What the tab says about its numbering.
    pub sequences: Vec<SequenceReport>,
}

impl Transmission {
    /// What the server makes of it.
    #[must_use]
    pub fn entry(self) -> Entry {
        Entry {
            id: self.id,
            kind: self.kind,
            received_at: self.arrival,
            context: self.context,
            claims: std::collections::BTreeMap::new(),
            events: self.events,
            rejections: Vec::new(),
            repeated: Vec::new(),
            sequences: self.sequences,
        }
    }

    /// The request that the tracker sends.
    #[must_use]
    pub fn request(&self) -> Request {
        let (path, body) = match self.events.first().map(|event| &event.payload) {
            Some(Payload::Snapshot(snapshot)) => self.snapshot(snapshot),
            Some(Payload::Fact(fact)) => self.fact(fact),
            Some(Payload::Metric(_)) => ("/api/performance/track", self.batch("metrics")),
            Some(Payload::Interaction(_)) | None => {
                ("/api/sessions/track-batch", self.batch("events"))
            }
        };
        let mut request = Request::post(self.arrival, path, Value::Object(body));
        let context = &self.context;
        let mut header = |name: &str, value: Option<&str>| {
            let missing = context.missing_headers.iter().any(|missing| missing == name);
            if let Some(value) = value.filter(|_| !missing) {
                request.headers.insert(name.to_owned(), value.to_owned());
            }
        };
        header("user-agent", context.user_agent.as_deref());
        header("accept-language", Some("de-AT,de;q=0.9"));
        header("sec-ch-ua", Some("\"Chromium\";v=\"142\""));
        header("sec-fetch-site", Some("same-origin"));
        header("referer", context.referrer.as_deref());
        header("x-vercel-ip-country", context.country.as_deref());
        request
    }

    fn batch(&self, field: &str) -> Map<String, Value> {
        let mut body = self.envelope();
        let events: Vec<Value> = self.events.iter().map(|event| self.item(event)).collect();
        body.insert(field.to_owned(), Value::from(events));
        if let Some(report) = self.sequences.first() {
            body.insert("emitted".to_owned(), json!(report.emitted));
            body.insert("droppedLocal".to_owned(), json!(report.dropped_local));
        }
        body
    }

    fn snapshot(&self, snapshot: &Snapshot) -> (&'static str, Map<String, Value>) {
        let mut body = self.single();
        body.insert("configuration".to_owned(), snapshot.configuration.clone());
        let price = json!(snapshot.total_price_cents.map(euros));
        match snapshot.trigger {
            Trigger::CartAdd => {
                body.insert("totalPrice".to_owned(), price);
                body.insert("isOhneNestMode".to_owned(), json!(snapshot.ohne_nest_mode));
                ("/api/sessions/track-cart-add", body)
            }
            Trigger::OrderAttempt | Trigger::AutoSave | Trigger::PageExit => {
                body.insert("trigger".to_owned(), json!(snapshot.trigger));
                body.insert("totalPrice".to_owned(), price);
                ("/api/sessions/save-config", body)
            }
            Trigger::Sync | Trigger::Finalize => {
                body.insert("currentPrice".to_owned(), price);
                ("/api/sessions/sync", body)
            }
        }
    }

    fn fact(&self, fact: &SessionFact) -> (&'static str, Map<String, Value>) {
        let mut body = self.single();
        let path = match fact {
            SessionFact::Consent(consent) => {
                body.insert("analyticsConsent".to_owned(), json!(consent.analytics));
                body.insert("marketingConsent".to_owned(), json!(consent.marketing));
                body.insert("functionalConsent".to_owned(), json!(consent.functional));
                "/api/sessions/update-consent"
            }
            SessionFact::Converted { payment_intent_id, total_price_cents } => {
                body.insert("paymentIntentId".to_owned(), json!(payment_intent_id));
                body.insert("totalPrice".to_owned(), json!(total_price_cents.map(euros)));
                "/api/sessions/track-conversion"
            }
            _ => {
                body.insert("config".to_owned(), Value::Null);
                "/api/sessions/finalize"
            }
        };
        (path, body)
    }

    /// What stands around all events.
    fn envelope(&self) -> Map<String, Value> {
        let first = self.events.first();
        let sent_at = (self.arrival + self.clock_ahead).timestamp_millis();
        object([
            ("sessionId", json!(first.and_then(|event| event.session_id.as_ref()))),
            ("tabId", json!(first.and_then(|event| event.tab_id.as_ref()))),
            ("visitorId", json!(first.and_then(|event| event.visitor_id.as_ref()))),
            ("sentAt", json!(sent_at)),
        ])
    }

    /// What names one event.
    fn identity(&self, event: &Event) -> Map<String, Value> {
        object([
            ("eventId", json!(event.id)),
            ("seq", json!(event.seq)),
            ("clientTs", json!((event.occurred_at + self.clock_ahead).timestamp_millis())),
        ])
    }

    /// The only event of a request, without what is its own.
    fn single(&self) -> Map<String, Value> {
        let mut body = self.envelope();
        body.extend(self.events.first().map(|event| self.identity(event)).unwrap_or_default());
        body
    }

    fn item(&self, event: &Event) -> Value {
        let mut item = self.identity(event);
        match &event.payload {
            Payload::Interaction(interaction) => item.extend(interaction_fields(interaction)),
            Payload::Metric(metric) => item.extend(metric_fields(metric)),
            Payload::Snapshot(_) | Payload::Fact(_) => {}
        }
        Value::Object(item)
    }
}

fn interaction_fields(interaction: &Interaction) -> Map<String, Value> {
    object([
        ("eventType", json!(interaction.event_type)),
        ("category", json!(interaction.category)),
        ("elementId", json!(interaction.element_id)),
        ("selectionValue", json!(interaction.selection_value)),
        ("previousValue", json!(interaction.previous_value)),
        ("timeSpent", json!(interaction.time_spent_ms)),
        ("deviceInfo", json!(interaction.device)),
        ("totalPrice", json!(interaction.total_price_cents.map(euros))),
        ("priceChange", json!(interaction.price_change_cents.map(euros))),
        ("interactive", json!((!interaction.interactive).then_some(false))),
        ("additionalData", json!(interaction.additional_data)),
    ])
}

fn metric_fields(metric: &Metric) -> Map<String, Value> {
    object([
        ("metricName", json!(metric.name)),
        ("value", json!(metric.value)),
        ("endpoint", json!(metric.endpoint)),
        ("additionalData", json!(metric.additional_data)),
    ])
}

/// An object of the fields that have a value.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    present.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Cents as euros.
fn euros(cents: i64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53 cents")]
    let with_cents = || json!(cents as f64 / 100.0);
    if cents % 100 == 0 { json!(cents / 100) } else { with_cents() }
}
