//! The wire form of events: what clients send, read into the domain's types.
//!
//! Every text has a bound, every number a range; unknown keys are tolerated. Who sends `eventId`
//! or `sentAt` speaks the present protocol; who sends neither is today's front end.

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::tracking::{
    Device, EventId, InvalidId, Occurrence, SendTimes, SequenceNumber, SessionId, TabId,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};

use crate::http::{FieldError, FreeObject, read};

/// What stands around an event of any kind: identity, order and times.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Envelope {
    /// The session that the event belongs to.
    #[serde(deserialize_with = "optional_id")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    pub session_id: Option<SessionId>,
    /// The event's identity, best a `UUIDv7`; repetitions are stored once.
    #[schema(max_length = 128)]
    pub event_id: Option<String>,
    /// The tab that counts `seq`.
    #[serde(deserialize_with = "optional_id")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_.:-]{1,64}$")]
    pub tab_id: Option<TabId>,
    /// Place in the events that the tab emitted, from 1.
    #[serde(deserialize_with = "optional_sequence")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub seq: Option<SequenceNumber>,
    /// The client's clock when it happened: RFC 3339 or milliseconds since 1970.
    #[serde(deserialize_with = "optional_instant")]
    #[schema(schema_with = client_time)]
    pub client_ts: Option<DateTime<Utc>>,
    /// The client's clock at this attempt to send.
    #[serde(deserialize_with = "optional_instant")]
    #[schema(schema_with = client_time)]
    pub sent_at: Option<DateTime<Utc>>,
    /// Milliseconds between event and sending by the client's monotonic clock.
    #[serde(deserialize_with = "optional_age")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 31_622_400_000_i64)]
    pub age_ms: Option<TimeDelta>,
    /// The visitor's own random id; kept only with consent.
    #[serde(deserialize_with = "bounded::<_, 128>")]
    #[schema(max_length = 128)]
    pub visitor_id: Option<String>,
}

impl Envelope {
    /// Reads the envelope of an object.
    pub(super) fn read(prefix: &str, value: &Value) -> Result<Self, FieldError> {
        read(prefix, value)
    }

    /// Takes what is missing here from the envelope around a batch.
    #[must_use]
    pub(super) fn within(self, batch: &Self) -> Self {
        Self {
            session_id: self.session_id.or_else(|| batch.session_id.clone()),
            tab_id: self.tab_id.or_else(|| batch.tab_id.clone()),
            sent_at: self.sent_at.or(batch.sent_at),
            visitor_id: self.visitor_id.or_else(|| batch.visitor_id.clone()),
            ..self
        }
    }

    /// When the event happened.
    #[must_use]
    pub(super) fn occurrence(&self, received_at: DateTime<Utc>) -> Occurrence {
        let times =
            SendTimes { client_ts: self.client_ts, sent_at: self.sent_at, age: self.age_ms };
        Occurrence::derive(received_at, times)
    }

    /// The client's identity of the event, if it gave one.
    pub(super) fn client_event_id(&self) -> Result<Option<EventId>, FieldError> {
        let id = self.event_id.as_deref().map(|id| EventId::from_client(id, self.client_ts));
        id.transpose().map_err(|error| FieldError::new("eventId", "invalid", error.to_string()))
    }
}

/// A client's clock, from 1970 to 2999, as `optional_instant` reads it.
fn client_time() -> Schema {
    let millis = ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0))
        .maximum(Some(32_503_679_999_999_i64));
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let nothing = ObjectBuilder::new().schema_type(Type::Null);
    Schema::OneOf(OneOfBuilder::new().item(millis).item(text).item(nothing).build())
}

/// An interaction as the tracker sends it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct InteractionWire {
    /// `page_visit`, `click`, `selection`, `scroll`, `hover`, ... or any other text.
    #[serde(default, deserialize_with = "bounded::<_, 100>")]
    #[schema(required, value_type = String, min_length = 1, max_length = 100)]
    pub event_type: Option<String>,
    /// `navigation`, `button`, an option category, ... or any other text.
    #[serde(default, deserialize_with = "bounded::<_, 200>")]
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    pub category: Option<String>,
    /// The element that was used.
    #[serde(default, deserialize_with = "bounded::<_, 1000>")]
    #[schema(max_length = 1000)]
    pub element_id: Option<String>,
    /// The value that was chosen.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    #[schema(max_length = 4000)]
    pub selection_value: Option<String>,
    /// The value that was chosen before.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    #[schema(max_length = 4000)]
    pub previous_value: Option<String>,
    /// Milliseconds; fractions are rounded.
    #[serde(default, deserialize_with = "optional_millis")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000_000_000_i64)]
    pub time_spent: Option<i64>,
    /// The visitor's device.
    #[serde(default)]
    pub device_info: Option<DeviceWire>,
    /// The device type where `deviceInfo` is not sent.
    #[serde(default, deserialize_with = "bounded::<_, 50>")]
    #[schema(max_length = 50)]
    pub device_type: Option<String>,
    /// Viewport width where `deviceInfo` is not sent.
    #[serde(default, deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub viewport_width: Option<i32>,
    /// Viewport height where `deviceInfo` is not sent.
    #[serde(default, deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub viewport_height: Option<i32>,
    /// The price that the visitor saw, in euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    pub total_price: Option<i64>,
    /// The change of price that the visitor saw, in euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    pub price_change: Option<i64>,
    /// False for heartbeats and the like.
    #[serde(default)]
    pub interactive: Option<bool>,
    /// Anything else.
    #[serde(default)]
    #[schema(value_type = Option<FreeObject>)]
    pub additional_data: Option<Value>,
}

impl InteractionWire {
    /// The device, from either of the shapes that clients send.
    #[must_use]
    pub(super) fn device(&self) -> Option<Device> {
        let device = match &self.device_info {
            Some(info) => Device {
                kind: info.r#type.clone().or_else(|| info.device_type.clone()),
                width: info.width.or(info.viewport_width),
                height: info.height.or(info.viewport_height),
            },
            None => Device {
                kind: self.device_type.clone(),
                width: self.viewport_width,
                height: self.viewport_height,
            },
        };
        let known = device.kind.is_some() || device.width.is_some() || device.height.is_some();
        known.then_some(device)
    }
}

/// The visitor's device, in both shapes that clients send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct DeviceWire {
    /// `mobile`, `tablet` or `desktop`.
    #[serde(deserialize_with = "bounded::<_, 50>")]
    #[schema(max_length = 50)]
    pub r#type: Option<String>,
    /// The same under its other name.
    #[serde(deserialize_with = "bounded::<_, 50>")]
    #[schema(max_length = 50)]
    pub device_type: Option<String>,
    /// Viewport width in CSS pixels.
    #[serde(deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub width: Option<i32>,
    /// Viewport height in CSS pixels.
    #[serde(deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub height: Option<i32>,
    /// Viewport width under its other name.
    #[serde(deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub viewport_width: Option<i32>,
    /// Viewport height under its other name.
    #[serde(deserialize_with = "optional_pixels")]
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100_000)]
    pub viewport_height: Option<i32>,
}

/// Reads a text of at most `MAX` characters; an empty one counts as absent.
pub(super) fn bounded<'de, D: Deserializer<'de>, const MAX: usize>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text {
        Some(text) if text.chars().count() > MAX => {
            Err(D::Error::custom(format_args!("longer than the {MAX} characters allowed")))
        }
        Some(text) if text.is_empty() => Ok(None),
        other => Ok(other),
    }
}

/// Reads an identifier; an empty one counts as absent.
fn optional_id<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error = InvalidId>,
{
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(|text| T::try_from(text).map_err(D::Error::custom)).transpose()
}

fn optional_sequence<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SequenceNumber>, D::Error> {
    let number = Option::<i64>::deserialize(deserializer)?;
    number.map(|number| SequenceNumber::try_from(number).map_err(D::Error::custom)).transpose()
}

/// Reads a clock time: RFC 3339 or milliseconds since 1970.
fn optional_instant<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Instant {
        Millis(f64),
        Text(String),
    }
    let allowed = "must be RFC 3339 or milliseconds since 1970";
    let Some(instant) =
        Option::<Instant>::deserialize(deserializer).map_err(|_| D::Error::custom(allowed))?
    else {
        return Ok(None);
    };
    let time = match instant {
        #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
        Instant::Millis(millis) => DateTime::from_timestamp_millis(millis as i64),
        Instant::Text(text) => {
            DateTime::parse_from_rfc3339(&text).ok().map(|time| time.with_timezone(&Utc))
        }
    };
    let in_range =
        time.filter(|time| *time >= DateTime::UNIX_EPOCH && time.timestamp() < 32_503_680_000);
    in_range.map(Some).ok_or_else(|| D::Error::custom(allowed))
}

fn optional_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TimeDelta>, D::Error> {
    const YEAR_MS: f64 = 366.0 * 86_400_000.0;
    let Some(age) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    if !(0.0..=YEAR_MS).contains(&age) {
        return Err(D::Error::custom("must be milliseconds from 0 to one year"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by a year")]
    let micros = (age * 1000.0) as i64;
    Ok(Some(TimeDelta::microseconds(micros)))
}

fn optional_millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    optional_whole(deserializer, 0.0, 1e12, 1.0, "must be milliseconds from 0 to 10^12")
}

/// Reads whole euros, or euros with cents, as cents.
pub(super) fn optional_euros<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    optional_whole(deserializer, -1e9, 1e9, 100.0, "must be euros from -10^9 to 10^9")
}

fn optional_pixels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let pixels =
        optional_whole(deserializer, 0.0, 100_000.0, 1.0, "must be pixels from 0 to 100000")?;
    Ok(pixels.and_then(|pixels| i32::try_from(pixels).ok()))
}

fn optional_whole<'de, D: Deserializer<'de>>(
    deserializer: D,
    min: f64,
    max: f64,
    scale: f64,
    allowed: &'static str,
) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    if !(min..=max).contains(&number) {
        return Err(D::Error::custom(allowed));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(Some((number * scale).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn envelope(value: &Value) -> Result<Envelope, FieldError> {
        Envelope::read("events[0]", value)
    }

    #[test]
    fn a_bad_field_is_named_with_what_is_allowed() {
        for (value, field, word) in [
            (json!({"seq": 0}), "events[0].seq", "from 1"),
            (json!({"seq": "x"}), "events[0].seq", "i64"),
            (json!({"sessionId": "a b"}), "events[0].sessionId", "1 to 128"),
            (json!({"sentAt": "yesterday"}), "events[0].sentAt", "RFC 3339"),
            (json!({"clientTs": 1e300}), "events[0].clientTs", "RFC 3339"),
            (json!({"ageMs": -1}), "events[0].ageMs", "milliseconds"),
        ] {
            let error = envelope(&value).unwrap_err();
            assert_eq!(error.field, field);
            assert!(error.message.contains(word), "{}", error.message);
        }
    }

    #[test]
    fn times_are_read_in_both_forms() {
        let text = envelope(&json!({"clientTs": "2026-11-21T21:16:28.166Z"})).unwrap();
        let millis = envelope(&json!({"clientTs": 1_795_295_788_166_i64})).unwrap();
        assert_eq!(text.client_ts, millis.client_ts);
        assert!(text.client_ts.is_some());
    }

    #[test]
    fn euros_become_cents_and_fractions_of_milliseconds_are_rounded() {
        let wire: InteractionWire =
            read("", &json!({"totalPrice": 351_924, "priceChange": -0.5, "timeSpent": 12.7}))
                .unwrap();
        assert_eq!(wire.total_price, Some(35_192_400));
        assert_eq!(wire.price_change, Some(-50));
        assert_eq!(wire.time_spent, Some(13));
    }

    #[test]
    fn the_device_is_read_in_every_shape_that_clients_send() {
        for value in [
            json!({"deviceInfo": {"type": "mobile", "width": 390, "height": 844}}),
            json!({"deviceInfo":
                {"deviceType": "mobile", "viewportWidth": 390, "viewportHeight": 844}}),
            json!({"deviceType": "mobile", "viewportWidth": 390.2, "viewportHeight": 844}),
        ] {
            let wire: InteractionWire = read("", &value).unwrap();
            let device = wire.device().unwrap();
            assert_eq!(device.kind.as_deref(), Some("mobile"));
            assert_eq!((device.width, device.height), (Some(390), Some(844)));
        }
    }
}
