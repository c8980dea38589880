//! Who may call: permissions as types in a handler's signature, so that forgetting one does not compile.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::problem::Problem;
use crate::platform::{App, Environment};

/// Something that a caller may be allowed to do.
pub trait Permission: Send + Sync {
    /// The permission's name in documents and answers.
    const NAME: &'static str;
}

/// Read reports.
pub struct ReadAnalytics;

impl Permission for ReadAnalytics {
    const NAME: &'static str = "analytics:read";
}

/// See the catalogue's drafts and history.
pub struct ReadCatalogue;

impl Permission for ReadCatalogue {
    const NAME: &'static str = "catalog:read";
}

/// Change and publish the catalogue.
pub struct WriteCatalogue;

impl Permission for WriteCatalogue {
    const NAME: &'static str = "catalog:write";
}

/// Who does something, as the audit log names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
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

/// Proof that the caller has a permission. Held by whoever shows the configured key.
pub struct May<P: Permission> {
    /// Who the caller is.
    pub actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<App> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let expected = app.config.admin_api_key.as_ref().ok_or(Problem::Unauthenticated)?;
        if !shows(parts, expected) {
            return Err(Problem::Unauthenticated);
        }
        Ok(Self { actor: Actor("admin-api-key".to_owned()), permission: PhantomData })
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
    let shown = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    shown.as_bytes().ct_eq(secret.expose_secret().as_bytes()).into()
}
