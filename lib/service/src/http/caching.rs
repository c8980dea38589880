//! Answers that a client may hold already.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::context::Caller;

/// The entity tag of some content. A weak one: answers also say when they were made.
#[must_use]
pub fn etag(content: &str) -> String {
    format!("W/\"{}\"", hex::encode(&Sha256::digest(content)[..12]))
}

/// The answer with its entity tag, or 304 where the caller names the tag. Compares weakly, as
/// `If-None-Match` does (RFC 9110, section 13.1.2).
pub fn unless_known(
    caller: &Caller,
    etag: &str,
    cache_control: &str,
    answer: impl FnOnce() -> Response,
) -> Response {
    let named = caller.header("if-none-match").unwrap_or_default();
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = named.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { answer() };
    let values = [(header::ETAG, etag), (header::CACHE_CONTROL, cache_control)];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
