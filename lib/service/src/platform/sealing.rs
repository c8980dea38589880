//! Sealing: authenticated encryption of single values, with keys that can be rotated.
//!
//! A sealed value is the text `sealed:<key id>:<base64 of nonce and ciphertext>`. AES-256-GCM; the
//! session id is authenticated along with it, so that a value cannot be moved to another session.

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nest_haus_domain::privacy::is_personal;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::config::ConfigError;

const PREFIX: &str = "sealed:";
const NONCE_BYTES: usize = 12;

/// Seals with the first key, opens with any.
#[derive(Clone)]
pub struct Sealer(Arc<[(String, Aes256Gcm)]>);

impl Sealer {
    /// Reads `id:base64` pairs, separated by commas; each key has 32 bytes.
    pub(crate) fn new(keys: &SecretString) -> Result<Self, ConfigError> {
        let invalid = ConfigError::Invalid {
            variable: "ENCRYPTION_KEYS",
            allowed: "`id:base64` of 32 bytes, several separated by commas",
        };
        let read = |pair: &str| {
            let (id, key) = pair.trim().split_once(':')?;
            let key = STANDARD.decode(key).ok()?;
            Some((id.to_owned(), Aes256Gcm::new_from_slice(&key).ok()?))
        };
        let keys: Option<Vec<_>> = keys.expose_secret().split(',').map(read).collect();
        keys.filter(|keys| !keys.is_empty()).map(|keys| Self(keys.into())).ok_or(invalid)
    }

    /// Seals a value for a session. Fails only if the system has no randomness.
    pub fn seal(&self, session_id: &str, value: &str) -> Result<String, SealingFailure> {
        let (id, cipher) = self.0.first().ok_or(SealingFailure)?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealingFailure)?;
        let payload = Payload { msg: value.as_bytes(), aad: session_id.as_bytes() };
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealingFailure)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{PREFIX}{id}:{}", STANDARD.encode(bytes)))
    }

    /// Opens a sealed value; nothing if it was sealed for another session or by an unknown key.
    #[must_use]
    pub fn open(&self, session_id: &str, sealed: &str) -> Option<String> {
        let (id, text) = sealed.strip_prefix(PREFIX)?.split_once(':')?;
        let (_, cipher) = self.0.iter().find(|(known, _)| known == id)?;
        let bytes = STANDARD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: session_id.as_bytes() };
        let plain = cipher.decrypt(&Nonce::from(*nonce), payload).ok()?;
        String::from_utf8(plain).ok()
    }

    /// Seals every personal value inside data that a client added, in place.
    pub fn seal_personal(&self, session_id: &str, data: &mut Value) -> Result<(), SealingFailure> {
        match data {
            Value::Object(map) => map.iter_mut().try_for_each(|(key, value)| {
                if is_personal(key) && !value.is_null() {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    *value = Value::String(self.seal(session_id, &text)?);
                    return Ok(());
                }
                self.seal_personal(session_id, value)
            }),
            Value::Array(items) => {
                items.iter_mut().try_for_each(|item| self.seal_personal(session_id, item))
            }
            _ => Ok(()),
        }
    }

    /// Opens every sealed value inside data, or takes it out where the reader may not see it.
    pub fn open_or_remove(&self, session_id: &str, data: &mut Value, may_see: bool) {
        match data {
            Value::Object(map) => {
                if !may_see {
                    map.retain(|_, value| !is_sealed(value));
                }
                for value in map.values_mut() {
                    self.open_or_remove(session_id, value, may_see);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.open_or_remove(session_id, item, may_see);
                }
            }
            Value::String(text) if text.starts_with(PREFIX) => {
                let opened = if may_see { self.open(session_id, text) } else { None };
                *data = opened.map_or(Value::Null, Value::String);
            }
            _ => {}
        }
    }
}

fn is_sealed(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(PREFIX))
}

/// A value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("personal data could not be sealed")]
pub struct SealingFailure;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn sealer(keys: &str) -> Sealer {
        Sealer::new(&keys.to_owned().into()).unwrap()
    }

    fn key(id: &str, byte: u8) -> String {
        format!("{id}:{}", STANDARD.encode([byte; 32]))
    }

    #[test]
    fn a_value_opens_for_its_own_session_alone() {
        let sealer = sealer(&key("a", 1));
        let sealed = sealer.seal("s1", "ada@example.com").unwrap();
        assert!(!sealed.contains("ada@"));
        assert_eq!(sealer.open("s1", &sealed).as_deref(), Some("ada@example.com"));
        assert_eq!(sealer.open("s2", &sealed), None);
    }

    #[test]
    fn a_rotated_key_still_opens_and_no_longer_seals() {
        let sealed = sealer(&key("old", 1)).seal("s", "x").unwrap();
        let rotated = sealer(&[key("new", 2), key("old", 1)].join(","));
        assert_eq!(rotated.open("s", &sealed).as_deref(), Some("x"));
        assert!(rotated.seal("s", "x").unwrap().starts_with("sealed:new:"));
        assert_eq!(sealer(&key("new", 2)).open("s", &sealed), None);
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        for bad in ["", "a", "a:AAAA", "a:not base64"] {
            assert!(Sealer::new(&bad.to_owned().into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn personal_values_are_sealed_wherever_they_stand() {
        let sealer = sealer(&key("a", 1));
        let mut data = json!({
            "formType": "appointment", "customerEmail": "a@b.c", "nest": {"name": "Hoam 80"},
            "form": [{"customerName": "Ada L."}], "userData": {"name": "Ada L."}, "phone": null,
        });
        sealer.seal_personal("s", &mut data).unwrap();
        assert!(!data.to_string().contains("a@b.c") && !data.to_string().contains("Ada L"));
        assert_eq!(data["nest"]["name"], "Hoam 80");
        assert_eq!(data["formType"], "appointment");
        assert_eq!(data["phone"], Value::Null);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(value in ".{0,200}", session in "[a-z]{1,20}") {
            let sealer = sealer(&key("a", 9));
            let sealed = sealer.seal(&session, &value).unwrap();
            prop_assert_eq!(sealer.open(&session, &sealed), Some(value));
        }
    }
}
