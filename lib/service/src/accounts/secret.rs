//! Secrets that we hand out and know again by their hashes alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::platform::{App, SealingFailure};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A new secret of 256 random bits.
pub(super) fn new_secret() -> Result<String, SealingFailure> {
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).map_err(|_| SealingFailure)?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// What is kept of a secret. It is random and long, so that a plain hash does.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// What only this system can make of a text, different for each purpose.
pub(super) fn mac(app: &App, purpose: &str, text: &str) -> Hmac<Sha256> {
    let key = app.config.session_token_secret.expose_secret().as_bytes();
    #[expect(clippy::expect_used, reason = "an invariant of HMAC")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts keys of any length");
    mac.update(purpose.as_bytes());
    mac.update(b"\n");
    mac.update(text.as_bytes());
    mac
}
