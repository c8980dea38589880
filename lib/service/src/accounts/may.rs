//! Permissions as types in a handler's signature, so that forgetting one does not compile.

use std::marker::PhantomData;
use std::sync::PoisonError;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::accounts::{Permission, Principal, Role};
use uuid::Uuid;

use super::session::{self, Session};
use super::{api_keys, secret};
use crate::http::{Actor, Context, Problem, bearer};
use crate::platform::App;

/// How long a proof counts while the database is away, for reading alone.
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(15);

/// Most proofs that a process remembers.
const REMEMBERED_MAX: usize = 1000;

/// A permission that a handler asks for.
pub trait Granted: Send + Sync {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! permission {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl Granted for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    };
}

permission!(
    /// Read reports.
    ReadAnalytics
);
permission!(
    /// See the catalogue's drafts and history.
    ReadCatalogue
);
permission!(
    /// Change and publish the catalogue.
    WriteCatalogue
);
permission!(
    /// See who has an account.
    ReadUsers
);
permission!(
    /// Make, change and disable accounts.
    WriteUsers
);
permission!(
    /// See, make and revoke API keys.
    WriteApiKeys
);
permission!(
    /// Read the audit log.
    ReadAudit
);
permission!(
    /// Record payments and refunds.
    WritePayments
);
permission!(
    /// Change settings of reports.
    WriteSettings
);
permission!(
    /// Run jobs by hand.
    RunJobs
);
permission!(
    /// Acknowledge and mute alerts, and change their rules.
    WriteAlerts
);

/// Proof that the caller has a permission: by a session whose role has it, or an API key whose
/// scopes name it.
pub struct May<P: Granted> {
    /// Who the caller is.
    pub actor: Actor,
    /// The role of a person; an API key has none.
    pub role: Option<Role>,
    /// All that the caller may do.
    pub permissions: Vec<Permission>,
    permission: PhantomData<P>,
}

impl<P: Granted> Clone for May<P> {
    fn clone(&self) -> Self {
        let (actor, permissions) = (self.actor.clone(), self.permissions.clone());
        Self { actor, role: self.role, permissions, permission: PhantomData }
    }
}

impl May<ReadAnalytics> {
    /// The system itself, which makes reports without anybody asking. Only where reports are asked by name;
    /// no handler is let in by this.
    #[must_use]
    pub fn of_system() -> Self {
        let permissions = vec![Permission::ReadAnalytics];
        Self { actor: Actor::system(), role: None, permissions, permission: PhantomData }
    }
}

impl<P: Granted> FromRequestParts<App> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(cx) = Context::from_request_parts(parts, app).await;
        let shown = bearer(&parts.headers).map(str::to_owned);
        let shown = shown.or_else(|| session::shown_token(app, &cx.caller));
        let hash = secret::hash(&shown.ok_or(Problem::Unauthenticated)?);
        let principal = match principal(parts, app).await {
            Err(outage @ Problem::Unavailable(_)) if parts.method.is_safe() => {
                recall(app, &hash, cx.now).ok_or(outage)?
            }
            other => remember(app, hash, other?, cx.now),
        };
        if !principal.permissions.contains(&P::PERMISSION) {
            return Err(Problem::NotPermitted(P::PERMISSION.as_str()));
        }
        let Principal { name, role, permissions } = principal;
        Ok(Self { actor: Actor::named(name), role, permissions, permission: PhantomData })
    }
}

/// Whoever the request proves to come from.
async fn principal(parts: &mut Parts, app: &App) -> Result<Principal, Problem> {
    let Ok(cx) = Context::from_request_parts(parts, app).await;
    if let Some(shown) = bearer(&parts.headers) {
        let key = api_keys::find(app, shown, cx.now).await?.ok_or(Problem::Unauthenticated)?;
        let name = format!("api-key:{}", key.name);
        return Ok(Principal { name, role: None, permissions: key.scopes });
    }
    let SignedIn(session) = SignedIn::from_request_parts(parts, app).await?;
    let permissions = session.role.permissions().to_vec();
    Ok(Principal { name: session.email, role: Some(session.role), permissions })
}

fn remember(app: &App, hash: [u8; 32], principal: Principal, now: DateTime<Utc>) -> Principal {
    let mut known = app.principals.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED_MAX {
        known.clear();
    }
    known.insert(hash, (principal.clone(), now));
    principal
}

fn recall(app: &App, hash: &[u8; 32], now: DateTime<Utc>) -> Option<Principal> {
    let known = app.principals.read().unwrap_or_else(PoisonError::into_inner);
    let (principal, at) = known.get(hash)?;
    (now - *at < REMEMBERED_FOR).then(|| principal.clone())
}

/// Proof that the caller is a person with a session. A change also needs the session's CSRF token.
pub struct SignedIn(pub(super) Session);

impl SignedIn {
    /// Whose session it is.
    #[must_use]
    pub const fn user_id(&self) -> Uuid {
        self.0.user_id
    }

    /// Their role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.0.role
    }

    /// Their name in the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::named(&self.0.email)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(cx) = Context::from_request_parts(parts, app).await;
        let session = session::find(app, &cx.caller, cx.now).await?;
        let session = session.ok_or(Problem::Unauthenticated)?;
        let genuine =
            parts.method.is_safe() || session::shows_csrf_token(app, &cx.caller, &session.token);
        if genuine { Ok(Self(session)) } else { Err(Problem::Forbidden) }
    }
}
