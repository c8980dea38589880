//! Signing in and out, one's own account, and one's own sessions.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::accounts::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::may::SignedIn;
use super::{audit, password, session};
use crate::http::{
    Actor, Body, Context, FieldError, Problem, ProblemDocument, Query, check_limit, read,
};
use crate::platform::App;

/// Tries to sign in that one address has a minute.
const TRIES_PER_MINUTE: u32 = 20;

/// Wrong passwords after which an account has to wait.
const FREE_FAILURES: i32 = 5;

/// The longest wait after wrong passwords, in seconds.
const WAIT_SECONDS_MAX: i64 = 900;

/// An e-mail address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// The account's e-mail address.
    email: String,
    /// Its password.
    password: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The account's e-mail address.
    email: String,
    /// Its role.
    role: Role,
    /// What the role may do.
    #[schema(value_type = Vec<String>)]
    permissions: Vec<&'static str>,
    /// What changes must show in the header `x-csrf-token`.
    csrf_token: String,
    /// When the session ends at the latest.
    expires_at: DateTime<Utc>,
}

fn me_of(app: &App, session: &session::Session) -> Me {
    Me {
        email: session.email.clone(),
        role: session.role,
        permissions: session.role.permissions().iter().map(|p| p.as_str()).collect(),
        csrf_token: session::csrf_token(app, &session.token),
        expires_at: session.expires_at,
    }
}

/// Signs in: answers who that is, and sets the session's cookie. After five wrong passwords an
/// account waits, each time twice as long, up to a quarter of an hour.
#[utoipa::path(
    post, path = "/api/admin/auth/login", tag = "accounts", request_body = Credentials,
    responses(
        (status = 200, description = "Signed in.", body = Me),
        (status = 401, description = "No such account, or another password.", body = ProblemDocument),
        (status = 422, description = "Fields missing.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
    )
)]
pub async fn login(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let Credentials { email, password } = read("", &body).map_err(Problem::field)?;
    let email = email.trim().to_lowercase();
    let key = cx.app.redis.key(&format!("login:{}", cx.caller.address_key));
    check_limit(&cx.app, &key, TRIES_PER_MINUTE).await?;
    let email_hash: [u8; 32] = Sha256::digest(&email).into();
    count_try(&cx.app, &email_hash, cx.now).await?;
    let user = sqlx::query!(
        r#"SELECT id, role::text AS "role!", password_hash FROM admin_users
         WHERE email = $1 AND disabled_at IS NULL"#,
        email
    )
    .fetch_optional(&cx.app.db)
    .await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = password::matches(password, hash).await?;
    let account = user.filter(|_| matches).and_then(|user| {
        let role = Role::of_name(&user.role)?;
        Some(session::Account { user_id: user.id, email, role })
    });
    let account = account.ok_or(Problem::Unauthenticated)?;
    let session = session::begin(&cx.app, &cx.caller, account, cx.now).await?;
    note_success(&cx.app, &session, &email_hash, cx.now).await?;
    let cookie = session::cookie(&cx.app, Some(&session.token));
    Ok(with_cookie(Json(me_of(&cx.app, &session)).into_response(), &cookie))
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Counts a try before its password is looked at, so that many at once gain nothing.
async fn count_try(app: &App, email_hash: &[u8; 32], now: DateTime<Utc>) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    let row = sqlx::query!(
        "INSERT INTO login_failures AS known (email_hash, failures, locked_until)
         VALUES ($1, 0, $2)
         ON CONFLICT (email_hash) DO UPDATE SET failures = known.failures
         RETURNING failures, locked_until",
        &email_hash[..],
        now
    )
    .fetch_one(&mut *tx)
    .await?;
    if row.locked_until > now {
        let wait = (row.locked_until - now).num_seconds().max(1);
        return Err(Problem::too_many(Duration::from_secs(wait.cast_unsigned())));
    }
    let failures = row.failures.saturating_add(1);
    let wait = TimeDelta::seconds(wait_seconds(failures));
    sqlx::query!(
        "UPDATE login_failures SET failures = $2, locked_until = $3 WHERE email_hash = $1",
        &email_hash[..],
        failures,
        now + wait
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// How long an account waits after so many wrong passwords.
fn wait_seconds(failures: i32) -> i64 {
    let over = u32::try_from(failures - FREE_FAILURES).unwrap_or(0);
    if failures < FREE_FAILURES { 0 } else { (30_i64 << over.min(10)).min(WAIT_SECONDS_MAX) }
}

async fn note_success(
    app: &App,
    session: &session::Session,
    email_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = app.db.begin().await?;
    sqlx::query!("DELETE FROM login_failures WHERE email_hash = $1", &email_hash[..])
        .execute(&mut *tx)
        .await?;
    sqlx::query!("UPDATE admin_users SET last_login_at = $2 WHERE id = $1", session.user_id, now)
        .execute(&mut *tx)
        .await?;
    let (email, detail) = (session.email.as_str(), json!({"session": session.id}));
    audit::record(&mut tx, &Actor::named(email), ("auth.login", email), &detail, now).await?;
    tx.commit().await
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/admin/auth/me", tag = "accounts", security(("session" = [])),
    responses(
        (status = 200, description = "The account and its permissions.", body = Me),
    )
)]
pub async fn me(cx: Context, SignedIn(session): SignedIn) -> Json<Me> {
    Json(me_of(&cx.app, &session))
}

/// Signs out: the session ends here and for whoever else has its cookie.
#[utoipa::path(
    post, path = "/api/admin/auth/logout", tag = "accounts", security(("session" = [])),
    responses(
        (status = 204, description = "Signed out."),
    )
)]
pub async fn logout(cx: Context, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    end_sessions(&cx, &session, Some(session.id), "auth.logout").await?;
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(with_cookie(response, &session::cookie(&cx.app, None)))
}

/// Ends one of somebody's sessions, or all but the one that asks; answers how many.
async fn end_sessions(
    cx: &Context,
    session: &session::Session,
    one: Option<Uuid>,
    action: &str,
) -> Result<u64, sqlx::Error> {
    let mut tx = cx.app.db.begin().await?;
    let ended = sqlx::query!(
        "UPDATE admin_sessions SET ended_at = $4
         WHERE user_id = $1 AND ended_at IS NULL
            AND CASE WHEN $2::uuid IS NULL THEN id <> $3 ELSE id = $2 END",
        session.user_id,
        one,
        session.id,
        cx.now
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let actor = Actor::named(&*session.email);
    let detail = json!({"session": one, "ended": ended});
    audit::record(&mut tx, &actor, (action, &session.email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(ended)
}

/// One of one's own sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnSession {
    /// Names the session.
    id: Uuid,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// The browser.
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

/// One's own sessions, the one used last first.
#[utoipa::path(
    get, path = "/api/admin/auth/sessions", tag = "accounts", security(("session" = [])),
    responses(
        (status = 200, description = "The sessions.", body = Vec<OwnSession>),
    )
)]
pub async fn own_sessions(
    cx: Context,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<OwnSession>>, Problem> {
    let sessions = sqlx::query_as!(
        OwnSession,
        r#"SELECT id, created_at, last_seen_at, expires_at, user_agent, id = $2 AS "current!"
         FROM admin_sessions
         WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $3
         ORDER BY last_seen_at DESC, id LIMIT 100"#,
        session.user_id,
        session.id,
        cx.now
    )
    .fetch_all(&cx.app.db)
    .await?;
    Ok(Json(sessions))
}

/// Which session.
#[derive(Debug, Deserialize, IntoParams)]
pub struct OwnSessionQuery {
    /// The session's id; all but the one that asks, if left out.
    id: Option<Uuid>,
}

/// Ends one of one's own sessions, or all others.
#[utoipa::path(
    delete, path = "/api/admin/auth/sessions", tag = "accounts", params(OwnSessionQuery),
    security(("session" = [])),
    responses(
        (status = 204, description = "Ended."),
        (status = 404, description = "There is no such session.", body = ProblemDocument),
        (status = 422, description = "No id.", body = ProblemDocument),
    )
)]
pub async fn end_own_sessions(
    cx: Context,
    SignedIn(session): SignedIn,
    Query(query): Query<OwnSessionQuery>,
) -> Result<StatusCode, Problem> {
    let ended = end_sessions(&cx, &session, query.id, "auth.end_session").await?;
    if query.id.is_some() && ended == 0 {
        return Err(Problem::NotFound("Session"));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    current_password: String,
    /// The password from now on: 12 characters or more.
    #[schema(min_length = 12, max_length = 256)]
    new_password: String,
}

/// Changes one's own password, and ends all other sessions.
#[utoipa::path(
    post, path = "/api/admin/auth/password", tag = "accounts", request_body = PasswordChange,
    security(("session" = [])),
    responses(
        (status = 204, description = "Changed."),
        (status = 422, description = "The password until now is another one, or the new one is too easy.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
    )
)]
pub async fn change_password(
    cx: Context,
    SignedIn(session): SignedIn,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let change: PasswordChange = read("", &body).map_err(Problem::field)?;
    password::check("newPassword", &change.new_password, &session.email)?;
    let email_hash: [u8; 32] = Sha256::digest(&session.email).into();
    count_try(&cx.app, &email_hash, cx.now).await?;
    let hash =
        sqlx::query_scalar!("SELECT password_hash FROM admin_users WHERE id = $1", session.user_id)
            .fetch_one(&cx.app.db)
            .await?;
    if !password::matches(change.current_password, Some(hash)).await? {
        let error = FieldError::new("currentPassword", "invalid", "it is another one");
        return Err(Problem::field(error));
    }
    let hash = password::hash(change.new_password).await?;
    let mut tx = cx.app.db.begin().await?;
    sqlx::query!(
        "UPDATE admin_users SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
        session.user_id,
        hash,
        cx.now
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("DELETE FROM login_failures WHERE email_hash = $1", &email_hash[..])
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    end_sessions(&cx, &session, None, "auth.change_password").await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_limit() {
        let waits: Vec<i64> = [0, 1, 4, 5, 6, 7, 9, 10, 11, i32::MAX].map(wait_seconds).to_vec();
        assert_eq!(waits, [0, 0, 0, 30, 60, 120, 480, 900, 900, 900]);
    }
}
