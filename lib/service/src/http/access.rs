//! Who calls: the platform's cron, and names for the audit log.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::platform::{App, Environment};

/// Who does something, as the audit log names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// Somebody by name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The system itself.
    #[must_use]
    pub fn system() -> Self {
        Self("system".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that the platform's cron calls. In local mode a secret is not needed.
pub struct Cron(());

impl FromRequestParts<App> for Cron {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let allowed = match &app.config.cron_secret {
            Some(secret) => shows(parts, secret),
            None => app.config.environment == Environment::Local,
        };
        if allowed { Ok(Self(())) } else { Err(Problem::Unauthenticated) }
    }
}

/// Whether the request carries the secret as its bearer token, compared in constant time.
fn shows(parts: &Parts, secret: &SecretString) -> bool {
    let shown = bearer(&parts.headers).unwrap_or_default();
    shown.as_bytes().ct_eq(secret.expose_secret().as_bytes()).into()
}

/// The bearer token of a request.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
