//! Another password by mail, when the old one is lost.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::invitations::TokenAndPassword;
use super::password_links::{self, Link, Purpose};
use super::users::{address_error, canonical, is_address};
use super::{audit, mails, password, secret, session, sign_in, tries};
use crate::http::{Actor, Body, Context, Problem, ProblemDocument, check_limit_of, read};
use crate::platform::{App, begin};
use crate::work::Work;

/// Window in which forgotten passwords are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Mails that one account gets in the window.
const PER_ACCOUNT: u32 = 3;

/// Times that one network address may ask in the window.
const PER_ADDRESS: u32 = 10;

/// Whose password is lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForgottenPassword {
    /// The account's e-mail address.
    email: String,
}

/// Mails a link, good once within an hour, by which whoever reads the account's mails sets another
/// password. The answer is the same, after the same time, whether there is such an account or not:
/// the account is looked for after the answer.
#[utoipa::path(
    post, path = "/api/admin/auth/forgot-password", tag = "accounts",
    request_body = ForgottenPassword,
    responses(
        (status = 202, description = "If there is such an account, it gets a mail."),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 422, description = "No e-mail address.", body = ProblemDocument),
        (status = 429, description = "Asked too often, for this account or from this address.", body = ProblemDocument),
        (status = 503, description = "Mail is not configured, or try again later.", body = ProblemDocument),
    )
)]
pub async fn forgot_password(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let ForgottenPassword { email } = read("", &body).map_err(Problem::field)?;
    let email = canonical(&email);
    if !is_address(&email) {
        return Err(Problem::field(address_error()));
    }
    if !cx.app.mailer.is_configured() {
        return Err(Problem::MailNotConfigured);
    }
    let account = hex::encode(secret::hash(&email));
    for (whose, limit) in [(&cx.caller.address_key, PER_ADDRESS), (&account, PER_ACCOUNT)] {
        let key = cx.app.redis.key(&format!("forgot-password:{whose}"));
        check_limit_of(&cx.app, &key, limit, WINDOW).await?;
    }
    let mut response = StatusCode::ACCEPTED.into_response();
    Work::MailPasswordReset(email).attach(&mut response);
    Ok(response)
}

/// Mails the link, if there is an account that somebody may sign in with and that did not get too many
/// already. Answers whether there was one.
pub async fn mail_link(app: &App, email: &str, now: DateTime<Utc>) -> Result<bool, Problem> {
    let mut tx = begin(&app.db).await?;
    let user = sqlx::query!(
        "SELECT id, name FROM admin_users AS u
         WHERE email = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL
            AND $3 > (SELECT count(*) FROM password_links
                WHERE user_id = u.id AND purpose = 'reset' AND created_at > $2)",
        email,
        now - TimeDelta::hours(1),
        i64::from(PER_ACCOUNT)
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(user) = user else { return Ok(false) };
    let Link { address, until } =
        password_links::issue(&mut tx, app, (user.id, Purpose::Reset), now).await?;
    let mail = mails::password_reset(email.to_owned(), &user.name, (&address, until));
    app.mailer.send(mail, now).await?;
    let act = ("auth.forgot_password", email);
    audit::record(&mut tx, &Actor::system(), act, &json!({"id": user.id}), now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Sets another password by the link of a mail, and ends all sessions of the account. Whoever has a
/// second factor still needs it to sign in.
#[utoipa::path(
    post, path = "/api/admin/auth/reset-password", tag = "accounts",
    request_body = TokenAndPassword,
    responses(
        (status = 204, description = "Set; sign in with it."),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 422, description = "The link is not good any more, or the password is too easy.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn reset_password(cx: Context, Body(body): Body) -> Result<StatusCode, Problem> {
    let TokenAndPassword { token, password } = read("", &body).map_err(Problem::field)?;
    sign_in::check_address(&cx).await?;
    let email = password_links::email_of(&cx.app.db, &token, Purpose::Reset, cx.now).await?;
    password::check("password", &password, &email)?;
    let hash = password::hash(password).await?;
    let mut tx = begin(&cx.app.db).await?;
    let user_id = password_links::take(&mut tx, &token, Purpose::Reset, cx.now).await?;
    let set = sqlx::query!(
        "UPDATE admin_users SET password_hash = $2, password_changed_at = $3
         WHERE id = $1 AND password_hash IS NOT NULL AND disabled_at IS NULL",
        user_id,
        hash,
        cx.now
    )
    .execute(&mut *tx)
    .await?;
    if set.rows_affected() == 0 {
        return Err(password_links::not_good());
    }
    session::end_all(&mut *tx, user_id, cx.now).await?;
    tries::forget_account(&mut tx, &email).await?;
    let (actor, act) = (Actor::named(&*email), ("auth.reset_password", &*email));
    audit::record(&mut tx, &actor, act, &json!({"id": user_id}), cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
