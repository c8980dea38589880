//! Where a list goes on: a place in its order, opaque to whoever asks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{FieldError, Problem};

/// A place as text for a query string.
pub fn encode(place: &impl Serialize) -> Option<String> {
    serde_json::to_vec(place).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// The place in a cursor, or a refusal that names `cursor`.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, Problem> {
    let json = URL_SAFE_NO_PAD.decode(cursor).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| {
        let message = "must be `nextCursor` of an answer to the same question";
        Problem::field(FieldError::new("cursor", "invalid", message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_and_anything_else_is_refused() {
        let cursor = encode(&(7, "x")).unwrap();
        assert_eq!(decode::<(i32, String)>(&cursor).unwrap(), (7, "x".to_owned()));
        for bad in ["", "!", "e30"] {
            assert!(decode::<(i32, String)>(bad).is_err(), "{bad}");
        }
    }
}
