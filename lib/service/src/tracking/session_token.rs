//! Session tokens: how a session's own client proves itself.
//!
//! The request that first names a session claims it: the claim (time and randomness) becomes the
//! session's `owner`, first claim wins, and the client gets claim and signature as a cookie. A
//! second client that tracks a known id gets nothing that opens it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use nest_haus_domain::tracking::{Register, SessionFacts, SessionId};
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::http::Caller;
use crate::platform::{App, Environment, SealingFailure};

/// The header that carries a token where cookies do not reach.
pub(super) const TOKEN_HEADER: &str = "x-session-token";

const COOKIE_MAX_AGE_S: u64 = 400 * 24 * 60 * 60;

/// A new claim to a session.
pub(super) fn new_claim(now: DateTime<Utc>) -> Result<String, SealingFailure> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|_| SealingFailure)?;
    Ok(format!("{}{}", now.timestamp_millis(), hex::encode(random)))
}

/// The token of a claim: the claim with its signature.
#[must_use]
pub(super) fn token(app: &App, session: &SessionId, claim: &str) -> String {
    let signature = signer(app, session, claim).finalize().into_bytes();
    format!("{claim}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claim that the caller's token for this session proves, if it shows a genuine one.
#[must_use]
pub(super) fn proven_claim(app: &App, caller: &Caller, session: &SessionId) -> Option<String> {
    let name = cookie_name(session);
    let shown = caller.cookies(&name);
    shown.chain(caller.header(TOKEN_HEADER)).find_map(|token| {
        let (claim, signature) = token.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        signer(app, session, claim).verify_slice(&signature).ok()?;
        Some(claim.to_owned())
    })
}

/// Whether the caller is the session's own client.
#[must_use]
pub(super) fn is_owner(
    app: &App,
    caller: &Caller,
    session: &SessionId,
    facts: &SessionFacts,
) -> bool {
    let owner = facts.value(&Register::Owner).and_then(|claim| claim.as_str());
    owner.is_some() && proven_claim(app, caller, session).as_deref() == owner
}

/// The cookie that hands a token to the client.
#[must_use]
pub(super) fn cookie(app: &App, session: &SessionId, token: &str) -> String {
    let secure = if app.config.environment == Environment::Local { "" } else { "; Secure" };
    let name = cookie_name(session);
    format!("{name}={token}; Path=/api; Max-Age={COOKIE_MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}")
}

fn cookie_name(session: &SessionId) -> String {
    format!("nh_{}", session.key().as_uuid().simple())
}

fn signer(app: &App, session: &SessionId, claim: &str) -> Hmac<Sha256> {
    let key = app.config.session_token_secret.expose_secret().as_bytes();
    #[expect(clippy::expect_used, reason = "an invariant of HMAC")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts keys of any length");
    mac.update(session.as_str().as_bytes());
    mac.update(b"\n");
    mac.update(claim.as_bytes());
    mac
}
