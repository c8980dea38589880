//! Signing in and out, one's own account, and one's own sessions.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use nest_haus_domain::accounts::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::may::SignedIn;
use super::second_factor::{self, Shown};
use super::tries::{self, Try};
use super::users::canonical;
use super::{audit, password, password_links, retention, session};
use crate::http::{
    Actor, Body, Context, FieldError, Problem, ProblemDocument, Query, check_limit, read,
};
use crate::platform::{App, begin};

/// Tries to sign in, or to use a link, that one address has a minute.
const TRIES_PER_MINUTE: u32 = 20;

/// An e-mail address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// The account's e-mail address.
    email: String,
    /// Its password.
    password: String,
    /// Where the account has a second factor: six digits of the app, or a recovery code.
    code: Option<String>,
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
    /// Whether signing in asks for a second factor.
    second_factor: bool,
    /// How many recovery codes of it are left.
    recovery_codes_left: i64,
}

pub(super) async fn me_of(app: &App, session: &session::Session) -> Result<Me, sqlx::Error> {
    let status = second_factor::status(&app.db, session.user_id).await?;
    Ok(Me {
        email: session.email.clone(),
        role: session.role,
        permissions: session.role.permissions().iter().map(|p| p.as_str()).collect(),
        csrf_token: session::csrf_token(app, &session.token),
        expires_at: session.expires_at,
        second_factor: status.is_on,
        recovery_codes_left: status.recovery_codes_left,
    })
}

/// Refuses an address that tries too often.
pub(super) async fn check_address(cx: &Context) -> Result<(), Problem> {
    let key = cx.app.redis.key(&format!("login:{}", cx.caller.address_key));
    check_limit(&cx.app, &key, TRIES_PER_MINUTE).await
}

/// Signs in: answers who that is, and sets the session's cookie. After five wrong passwords or codes an
/// account waits, each time twice as long, up to a quarter of an hour; so does a network address after
/// twenty. Where a second factor is on and the password is right, a missing code is answered with the
/// code `second_factor_required`.
#[utoipa::path(
    post, path = "/api/admin/auth/login", tag = "accounts", request_body = Credentials,
    responses(
        (status = 200, description = "Signed in.", body = Me),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "No such account, another password, a wrong code, or no code (`second_factor_required`).", body = ProblemDocument),
        (status = 422, description = "Fields missing.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
    )
)]
pub async fn login(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let Credentials { email, password, code } = read("", &body).map_err(Problem::field)?;
    let email = canonical(&email);
    check_address(&cx).await?;
    let tried = tries::count(&cx, &email).await?;
    let account = account_of(&cx.app, email, password).await?;
    let mut tx = begin(&cx.app.db).await?;
    let whose = (account.user_id, &*account.email);
    let shown = second_factor::take_code(&mut tx, &cx.app, whose, code.as_deref(), cx.now).await?;
    match shown {
        Shown::NotNeeded | Shown::OneTime | Shown::Recovery => {}
        Shown::Wrong => return Err(Problem::Unauthenticated),
        Shown::Missing => {
            tried.taken_back(&mut tx, cx.now).await?;
            tx.commit().await?;
            return Err(Problem::SecondFactorRequired);
        }
    }
    let session = session::begin(&mut *tx, &cx.caller, account, cx.now).await?;
    tried.succeeded(&mut tx, cx.now).await?;
    note_success(&mut tx, &session, shown, cx.now).await?;
    tx.commit().await?;
    let cookie = session::cookie(&cx.app, Some(&session.token));
    Ok(with_cookie(Json(me_of(&cx.app, &session).await?).into_response(), &cookie))
}

/// The account of an e-mail address, if the password is its own.
async fn account_of(
    app: &App,
    email: String,
    password: String,
) -> Result<session::Account, Problem> {
    let user = sqlx::query!(
        r#"SELECT id, role::text AS "role!", password_hash FROM admin_users
         WHERE email = $1 AND disabled_at IS NULL"#,
        email
    )
    .fetch_optional(&app.db)
    .await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let matches = password::matches(password, hash).await?;
    let account = user.filter(|_| matches).and_then(|user| {
        let role = Role::of_name(&user.role)?;
        Some(session::Account { user_id: user.id, email, role })
    });
    account.ok_or(Problem::Unauthenticated)
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn note_success(
    tx: &mut PgTransaction<'_>,
    session: &session::Session,
    shown: Shown,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE admin_users SET last_login_at = $2 WHERE id = $1", session.user_id, now)
        .execute(&mut **tx)
        .await?;
    retention::sweep(tx, now).await?;
    let email = session.email.as_str();
    let detail = json!({"session": session.id, "secondFactor": shown.as_str()});
    audit::record(tx, &Actor::named(email), ("auth.login", email), &detail, now).await
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/admin/auth/me", tag = "accounts", security(("session" = [])),
    responses(
        (status = 200, description = "The account and its permissions.", body = Me),
    )
)]
pub async fn me(cx: Context, SignedIn(session): SignedIn) -> Result<Json<Me>, Problem> {
    Ok(Json(me_of(&cx.app, &session).await?))
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
    let mut tx = begin(&cx.app.db).await?;
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
#[into_params(parameter_in = Query)]
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
    let tried = prove_password(&cx, &session, "currentPassword", change.current_password).await?;
    let hash = password::hash(change.new_password).await?;
    let mut tx = begin(&cx.app.db).await?;
    sqlx::query!(
        "UPDATE admin_users SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
        session.user_id,
        hash,
        cx.now
    )
    .execute(&mut *tx)
    .await?;
    tried.succeeded(&mut tx, cx.now).await?;
    password_links::end_all(&mut *tx, session.user_id, cx.now).await?;
    tx.commit().await?;
    end_sessions(&cx, &session, None, "auth.change_password").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks once more that whoever is signed in knows the password. Where it is another one, the field
/// is named and the try counts.
pub(super) async fn prove_password(
    cx: &Context,
    session: &session::Session,
    field: &str,
    password: String,
) -> Result<Try, Problem> {
    let tried = tries::count(cx, &session.email).await?;
    let hash =
        sqlx::query_scalar!("SELECT password_hash FROM admin_users WHERE id = $1", session.user_id)
            .fetch_one(&cx.app.db)
            .await?;
    if password::matches(password, hash).await? {
        Ok(tried)
    } else {
        Err(Problem::field(FieldError::new(field, "invalid", "it is another one")))
    }
}
