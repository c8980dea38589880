//! Sessions of administrators: an opaque cookie, of which the database knows the hash alone.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use nest_haus_domain::accounts::Role;
use sha2::Sha256;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::secret;
use crate::http::{Caller, Problem};
use crate::platform::{App, Environment};

/// A session ends this long after it was used last.
const IDLE: TimeDelta = TimeDelta::hours(2);

/// A session ends this long after it began, used or not.
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);

/// How exactly the last use is known.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Most characters of a user agent that are kept.
const USER_AGENT_CHARS: usize = 200;

/// A session and whose it is.
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) token: String,
    pub(super) user_id: Uuid,
    pub(super) email: String,
    pub(super) role: Role,
    pub(super) expires_at: DateTime<Utc>,
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.environment == Environment::Local { "nh_admin" } else { "__Host-nh_admin" }
}

/// The cookie that hands a token to the browser; without one, that takes it away.
pub(super) fn cookie(app: &App, token: Option<&str>) -> String {
    let secure = if app.config.environment == Environment::Local { "" } else { "; Secure" };
    let (value, age) = token.map_or(("", 0), |token| (token, ABSOLUTE.num_seconds()));
    let name = cookie_name(app);
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
}

/// What a request shows as its session.
pub(super) fn shown_token(app: &App, caller: &Caller) -> Option<String> {
    caller.cookies(cookie_name(app)).next().map(str::to_owned)
}

/// What a page must show with each change, besides the cookie that browsers send by themselves.
pub(super) fn csrf_token(app: &App, token: &str) -> String {
    hex::encode(csrf_mac(app, token).finalize().into_bytes())
}

/// Whether a request shows the token of its session.
pub(super) fn shows_csrf_token(app: &App, caller: &Caller, token: &str) -> bool {
    let shown = caller.header("x-csrf-token").and_then(|text| hex::decode(text).ok());
    shown.is_some_and(|shown| csrf_mac(app, token).verify_slice(&shown).is_ok())
}

fn csrf_mac(app: &App, token: &str) -> Hmac<Sha256> {
    secret::mac(app, "csrf", token)
}

/// Whose a session is.
pub(super) struct Account {
    pub(super) user_id: Uuid,
    pub(super) email: String,
    pub(super) role: Role,
}

/// Begins a session.
pub(super) async fn begin(
    db: impl PgExecutor<'_>,
    caller: &Caller,
    account: Account,
    now: DateTime<Utc>,
) -> Result<Session, Problem> {
    let (id, token, expires_at) = (Uuid::now_v7(), secret::new_secret()?, now + ABSOLUTE);
    let user_agent = caller.header("user-agent");
    let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_CHARS).collect::<String>());
    let Account { user_id, email, role } = account;
    sqlx::query!(
        "INSERT INTO admin_sessions
            (id, token_hash, user_id, created_at, last_seen_at, expires_at, user_agent)
         VALUES ($1, $2, $3, $4, $4, $5, $6)",
        id,
        &secret::hash(&token)[..],
        user_id,
        now,
        expires_at,
        user_agent,
    )
    .execute(db)
    .await?;
    Ok(Session { id, token, user_id, email, role, expires_at })
}

/// Ends all sessions of an account.
pub(super) async fn end_all(
    db: impl PgExecutor<'_>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE admin_sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL",
        user_id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session that a request shows, if it is still one.
pub(super) async fn find(
    app: &App,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<Option<Session>, Problem> {
    let Some(token) = shown_token(app, caller) else { return Ok(None) };
    let row = sqlx::query!(
        r#"SELECT s.id, s.user_id, s.last_seen_at, s.expires_at, u.email, u.role::text AS "role!"
         FROM admin_sessions AS s JOIN admin_users AS u ON u.id = s.user_id
         WHERE s.token_hash = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL
            AND s.expires_at > $2 AND s.last_seen_at > $3"#,
        &secret::hash(&token)[..],
        now,
        now - IDLE,
    )
    .fetch_optional(&app.db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(role) = Role::of_name(&row.role) else { return Ok(None) };
    if now - row.last_seen_at > SEEN_EVERY {
        sqlx::query!("UPDATE admin_sessions SET last_seen_at = $2 WHERE id = $1", row.id, now)
            .execute(&app.db)
            .await?;
    }
    let (id, user_id, email, expires_at) = (row.id, row.user_id, row.email, row.expires_at);
    Ok(Some(Session { id, token, user_id, email, role, expires_at }))
}
