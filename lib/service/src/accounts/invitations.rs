//! Invitations: an account is opened by whom it is for, with a password that nobody else ever knew.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use nest_haus_domain::accounts::{AccountState, Role};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgTransaction;
use utoipa::ToSchema;
use uuid::Uuid;

use super::may::{May, WriteUsers};
use super::password_links::{self, Link, Purpose};
use super::users::{MadeUser, NewUser, insert};
use super::{audit, mails, password, session, sign_in};
use crate::http::{Actor, Body, Context, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Makes an account and mails its owner a link, good once within seven days, by which they choose a
/// password. Only an owner makes owners and administrators. If the mail is not sent, there is no
/// account.
#[utoipa::path(
    post, path = "/api/admin/users", tag = "accounts", request_body = NewUser,
    security(("admin" = [])),
    responses(
        (status = 200, description = "Invited.", body = MadeUser),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 409, description = "There is an account with this address.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was made: the mail was not sent, mail is not configured, or try again later.", body = ProblemDocument),
    )
)]
pub async fn make_user(
    cx: Context,
    may: May<WriteUsers>,
    Body(body): Body,
) -> Result<Json<MadeUser>, Problem> {
    let new: NewUser = read("", &body).map_err(Problem::field)?;
    if !may.role.is_some_and(|role| role.may_manage(new.role)) {
        return Err(Problem::Forbidden);
    }
    let new = new.checked()?;
    let mut tx = begin(&cx.app.db).await?;
    let id = insert(&mut tx, &new, None, cx.now).await?;
    let invited = Invited { id, email: &new.email, name: &new.name };
    mail_link(&mut tx, &cx, &may.actor, &invited).await?;
    let detail = json!({"id": id, "role": new.role});
    audit::record(&mut tx, &may.actor, ("user.invite", &new.email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(Json(MadeUser { id }))
}

struct Invited<'a> {
    id: Uuid,
    email: &'a str,
    name: &'a str,
}

/// Mails a new link, in the transaction that makes it: without the mail there is no link.
async fn mail_link(
    tx: &mut PgTransaction<'_>,
    cx: &Context,
    actor: &Actor,
    invited: &Invited<'_>,
) -> Result<(), Problem> {
    let Link { address, until } =
        password_links::issue(tx, &cx.app, (invited.id, Purpose::Invitation), cx.now).await?;
    let (to, by) = (invited.email.to_owned(), actor.as_str());
    let mail = mails::invitation(to, invited.name, by, (&address, until));
    Ok(cx.app.mailer.send(mail, cx.now).await?)
}

/// Whom to invite again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvitedAgain {
    /// The account.
    id: Uuid,
}

/// Mails the invitation of an account again. The link of the mail before is void then; if the mail is
/// not sent, it stays good.
#[utoipa::path(
    post, path = "/api/admin/users/invite", tag = "accounts", request_body = InvitedAgain,
    security(("admin" = [])),
    responses(
        (status = 204, description = "Mailed."),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 404, description = "There is no such account.", body = ProblemDocument),
        (status = 409, description = "It was opened or disabled already.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed: the mail was not sent, mail is not configured, or try again later.", body = ProblemDocument),
    )
)]
pub async fn invite(
    cx: Context,
    may: May<WriteUsers>,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let InvitedAgain { id } = read("", &body).map_err(Problem::field)?;
    let mut tx = begin(&cx.app.db).await?;
    let user = sqlx::query!(
        r#"SELECT email, name, role::text AS "role!", password_hash IS NOT NULL AS "has_password!",
            disabled_at IS NOT NULL AS "is_disabled!"
         FROM admin_users WHERE id = $1"#,
        id
    )
    .fetch_optional(&mut *tx)
    .await?;
    let user = user.ok_or(Problem::NotFound("Account"))?;
    let manages = |role: Role| may.role.is_some_and(|own| own.may_manage(role));
    if !Role::of_name(&user.role).is_some_and(manages) {
        return Err(Problem::Forbidden);
    }
    let state = AccountState::of(user.has_password, user.is_disabled);
    if state != AccountState::Invited {
        let sentence = "only an account that was never opened is invited again";
        return Err(Problem::Conflict { sentence, conflict: json!({"state": state}) });
    }
    let invited = Invited { id, email: &user.email, name: &user.name };
    mail_link(&mut tx, &cx, &may.actor, &invited).await?;
    let detail = json!({"id": id, "again": true});
    audit::record(&mut tx, &may.actor, ("user.invite", &user.email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a link, and the password that it lets set.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenAndPassword {
    /// What stands behind `#` in the link.
    pub(super) token: String,
    /// The password: 12 characters or more.
    pub(super) password: String,
}

/// Opens an account by its invitation: sets the password and signs in.
#[utoipa::path(
    post, path = "/api/admin/auth/accept-invitation", tag = "accounts",
    request_body = TokenAndPassword,
    responses(
        (status = 200, description = "Signed in.", body = sign_in::Me),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 422, description = "The link is not good any more, or the password is too easy.", body = ProblemDocument),
        (status = 429, description = "Too many tries.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn accept_invitation(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let TokenAndPassword { token, password } = read("", &body).map_err(Problem::field)?;
    sign_in::check_address(&cx).await?;
    let email = password_links::email_of(&cx.app.db, &token, Purpose::Invitation, cx.now).await?;
    password::check("password", &password, &email)?;
    let hash = password::hash(password).await?;
    let mut tx = begin(&cx.app.db).await?;
    let user_id = password_links::take(&mut tx, &token, Purpose::Invitation, cx.now).await?;
    let role = sqlx::query_scalar!(
        r#"UPDATE admin_users
         SET password_hash = $2, password_changed_at = $3, last_login_at = $3
         WHERE id = $1 AND password_hash IS NULL AND disabled_at IS NULL
         RETURNING role::text AS "role!""#,
        user_id,
        hash,
        cx.now
    )
    .fetch_optional(&mut *tx)
    .await?;
    let role = role.as_deref().and_then(Role::of_name).ok_or_else(password_links::not_good)?;
    let account = session::Account { user_id, email, role };
    let session = session::begin(&mut *tx, &cx.caller, account, cx.now).await?;
    let (email, detail) = (&*session.email, json!({"session": session.id}));
    let act = ("auth.accept_invitation", email);
    audit::record(&mut tx, &Actor::named(email), act, &detail, cx.now).await?;
    tx.commit().await?;
    let cookie = session::cookie(&cx.app, Some(&session.token));
    let me = sign_in::me_of(&cx.app, &session).await?;
    Ok(sign_in::with_cookie(Json(me).into_response(), &cookie))
}
