//! Names of sessions, tabs and events, parsed once and correct from then on.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Why a text is not the identifier that it was sent as. The text of the error is public.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The text has a length or a character that the identifier does not allow.
    #[error("must be 1 to {max} characters of A-Z a-z 0-9 _ . : -")]
    Text {
        /// Most characters allowed.
        max: usize,
    },
    /// An event id that is no UUIDv7 came without the time that makes it one.
    #[error("must be a UUIDv7, or come with `clientTs`")]
    EventIdWithoutTime,
    /// A sequence number outside its range.
    #[error("must be a whole number from 1 to {}", SequenceNumber::MAX)]
    Sequence,
}

/// An identifier as the browser made it up: 1 to `MAX` characters of `[A-Za-z0-9_.:-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpaqueId<const MAX: usize>(String);

/// The browser's session id: opaque, 1 to 128 characters.
pub type SessionId = OpaqueId<128>;

/// The browser tab that numbered an event: opaque, 1 to 64 characters.
pub type TabId = OpaqueId<64>;

impl<const MAX: usize> OpaqueId<MAX> {
    /// The text as sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for OpaqueId<MAX> {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        if (1..=MAX).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidId::Text { max: MAX })
        }
    }
}

impl<const MAX: usize> From<OpaqueId<MAX>> for String {
    fn from(id: OpaqueId<MAX>) -> Self {
        id.0
    }
}

impl<const MAX: usize> std::fmt::Display for OpaqueId<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl SessionId {
    /// The compact key that rows of this session carry.
    #[must_use]
    pub fn key(&self) -> SessionKey {
        SessionKey(first_16_bytes_of_sha256(self.0.as_bytes()))
    }
}

/// The first 16 bytes of the SHA-256 of a session id as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionKey(Uuid);

impl SessionKey {
    /// The key of events that belong to no session.
    pub const NONE: Self = Self(Uuid::nil());

    /// The key as the database stores it.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for SessionKey {
    fn from(key: Uuid) -> Self {
        Self(key)
    }
}

fn first_16_bytes_of_sha256(bytes: &[u8]) -> Uuid {
    let digest = Sha256::digest(bytes);
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(key)
}

/// A position in the events that one tab emitted, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct SequenceNumber(i64);

impl SequenceNumber {
    /// The greatest number accepted: ten digits, so that order stamps have a fixed width.
    pub const MAX: i64 = 9_999_999_999;

    /// The number itself, from 1 to [`Self::MAX`].
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for SequenceNumber {
    type Error = InvalidId;

    fn try_from(number: i64) -> Result<Self, InvalidId> {
        if (1..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(InvalidId::Sequence) }
    }
}

impl From<SequenceNumber> for i64 {
    fn from(number: SequenceNumber) -> Self {
        number.0
    }
}

/// Who made an event's id up. Only events with the client's id can be told apart from their own
/// repetition, so only they are accountable in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdSource {
    /// The client, before it first tried to send.
    Client,
    /// This server, on arrival.
    Server,
}

impl IdSource {
    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// The identity of an event: always in `UUIDv7` layout, so that the time inside it names the
/// database partition, whatever a clock says later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
    /// Longest client id accepted, in bytes.
    pub const TEXT_BYTES_MAX: usize = 128;

    /// The identity of an event that the client named.
    ///
    /// A `UUIDv7` is taken as it is. Any other text becomes 48 bits of `client_ts` and bits of its
    /// SHA-256 in the same layout, so that every repetition lands on the same id.
    pub fn from_client(text: &str, client_ts: Option<DateTime<Utc>>) -> Result<Self, InvalidId> {
        if text.is_empty() || text.len() > Self::TEXT_BYTES_MAX {
            return Err(InvalidId::Text { max: Self::TEXT_BYTES_MAX });
        }
        match Uuid::try_parse(text) {
            Ok(uuid) if uuid.get_version_num() == 7 => Ok(Self(uuid)),
            _ => {
                let time = client_ts.ok_or(InvalidId::EventIdWithoutTime)?;
                let hash = first_16_bytes_of_sha256(text.as_bytes()).into_bytes();
                let mut bits = [0; 10];
                bits.copy_from_slice(&hash[..10]);
                Ok(Self::in_v7_layout(time, bits))
            }
        }
    }

    /// The identity of an event that came without one: the `index`-th of the request received at
    /// `received_at`, so that ids of one request sort in its order.
    #[must_use]
    pub fn from_server(received_at: DateTime<Utc>, index: u16, random: [u8; 8]) -> Self {
        let mut bits = [0; 10];
        bits[..2].copy_from_slice(&index.to_be_bytes());
        bits[2..].copy_from_slice(&random);
        Self::in_v7_layout(received_at, bits)
    }

    fn in_v7_layout(time: DateTime<Utc>, bits: [u8; 10]) -> Self {
        let millis = u64::try_from(time.timestamp_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid())
    }

    /// The id as the database stores it.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The millisecond inside the id. It names the partition and is never clamped by a clock.
    #[must_use]
    pub fn time(self) -> DateTime<Utc> {
        let bytes = self.0.as_bytes();
        let millis = bytes[..6].iter().fold(0_i64, |sum, byte| (sum << 8) | i64::from(*byte));
        DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn session_ids_are_limited_to_their_alphabet_and_length() {
        for good in ["a", "client_1795295771438_fmw3x2epq", "a.b:c-d_E9", &"x".repeat(128)] {
            assert!(SessionId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a\0", "a/b", &"x".repeat(129)] {
            assert!(SessionId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_session_key_is_the_head_of_the_sha256_of_the_id_as_sent() {
        let key = SessionId::try_from("abc".to_owned()).unwrap().key();
        assert_eq!(key.as_uuid().simple().to_string(), "ba7816bf8f01cfea414140de5dae2223");
    }

    #[test]
    fn an_id_that_is_no_uuid_needs_the_time_of_its_event() {
        assert_eq!(EventId::from_client("e-1", None), Err(InvalidId::EventIdWithoutTime));
        let v4 = "9b2f0a1c-6d1e-4c55-8f0e-0a5a3a1b2c3d";
        assert_eq!(EventId::from_client(v4, None), Err(InvalidId::EventIdWithoutTime));
        assert!(EventId::from_client(v4, Some(at(5))).is_ok());
    }

    proptest! {
        #[test]
        fn a_uuid_v7_keeps_its_bits_and_its_time(
            millis in 0_i64..(1 << 48), bits in any::<[u8; 10]>()
        ) {
            let uuid = uuid::Builder::from_unix_timestamp_millis(millis.cast_unsigned(), &bits)
                .into_uuid();
            let id = EventId::from_client(&uuid.to_string(), None).unwrap();
            prop_assert_eq!(id.as_uuid(), uuid);
            prop_assert_eq!(id.time(), at(millis));
        }

        #[test]
        fn any_other_text_maps_to_one_id_that_carries_its_time(
            text in "[a-z0-9]{1,40}", millis in 0_i64..4_000_000_000_000
        ) {
            let id = EventId::from_client(&text, Some(at(millis))).unwrap();
            prop_assert_eq!(id, EventId::from_client(&text, Some(at(millis))).unwrap());
            prop_assert_eq!(id.time(), at(millis));
            prop_assert_eq!(id.as_uuid().get_version_num(), 7);
        }

        #[test]
        fn ids_made_for_one_request_sort_in_its_order(
            millis in 0_i64..4_000_000_000_000, a in 0_u16..4095, b in 0_u16..4095,
            random in any::<[[u8; 8]; 2]>()
        ) {
            prop_assume!(a < b);
            let first = EventId::from_server(at(millis), a, random[0]);
            prop_assert!(first < EventId::from_server(at(millis), b, random[1]));
        }
    }
}
