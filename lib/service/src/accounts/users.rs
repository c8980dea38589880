//! Accounts of administrators.

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::accounts::{AccountState, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgPool, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::may::{May, ReadUsers, WriteUsers};
use super::{audit, password, password_links, second_factor, session, tries};
use crate::http::{Actor, Body, Context, FieldError, Problem, ProblemDocument, read};
use crate::platform::begin;

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Names the account.
    id: Uuid,
    /// Its e-mail address.
    email: String,
    /// Whose it is.
    name: String,
    /// `owner`, `admin`, `analyst`, `sales` or `viewer`.
    role: String,
    /// `invited` until its owner chose a password, `active`, or `disabled`.
    state: AccountState,
    /// Until when the link of its invitation is good.
    invited_until: Option<DateTime<Utc>>,
    /// Whether signing in asks for a second factor.
    second_factor: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When somebody signed in with it last.
    last_login_at: Option<DateTime<Utc>>,
    /// Since when nobody may sign in with it.
    disabled_at: Option<DateTime<Utc>>,
}

/// Every account.
#[utoipa::path(
    get, path = "/api/admin/users", tag = "accounts", security(("admin" = [])),
    responses(
        (status = 200, description = "The accounts, by e-mail address.", body = Vec<User>),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
    )
)]
pub async fn list_users(cx: Context, _: May<ReadUsers>) -> Result<Json<Vec<User>>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT u.id, u.email, u.name, u.role::text AS "role!", u.created_at, u.last_login_at,
            u.disabled_at, u.password_hash IS NOT NULL AS "has_password!",
            l.expires_at AS "invited_until?", f.user_id IS NOT NULL AS "second_factor!"
         FROM admin_users AS u
         LEFT JOIN password_links AS l ON l.user_id = u.id AND l.purpose = 'invitation'
            AND l.ended_at IS NULL AND u.password_hash IS NULL
         LEFT JOIN second_factors AS f ON f.user_id = u.id AND f.confirmed_at IS NOT NULL
         ORDER BY u.email LIMIT 1000"#
    )
    .fetch_all(&cx.app.db)
    .await?;
    let users = rows.into_iter().map(|row| User {
        id: row.id,
        email: row.email,
        name: row.name,
        role: row.role,
        state: AccountState::of(row.has_password, row.disabled_at.is_some()),
        invited_until: row.invited_until,
        second_factor: row.second_factor,
        created_at: row.created_at,
        last_login_at: row.last_login_at,
        disabled_at: row.disabled_at,
    });
    Ok(Json(users.collect()))
}

/// An account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// Its e-mail address.
    pub email: String,
    /// Whose it is.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// `owner`, `admin`, `analyst`, `sales` or `viewer`.
    pub role: Role,
}

/// An account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeUser {
    /// Names the account.
    pub(super) id: Uuid,
}

impl NewUser {
    /// The account with its address in canonical form, if its fields are allowed.
    pub(super) fn checked(self) -> Result<Self, Problem> {
        let email = canonical(&self.email);
        let mut errors = Vec::new();
        if !is_address(&email) {
            errors.push(address_error());
        }
        let name_fits = (1..=100).contains(&self.name.chars().count());
        if !name_fits || self.name.contains(char::is_control) {
            let message = "must have 1 to 100 characters on one line";
            errors.push(FieldError::new("name", "invalid", message));
        }
        if errors.is_empty() { Ok(Self { email, ..self }) } else { Err(Problem::Invalid(errors)) }
    }
}

/// Makes an account that has a password at once, with its audit entry: for the operator.
pub async fn make(
    db: &PgPool,
    new: NewUser,
    password: String,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let new = new.checked()?;
    password::check("password", &password, &new.email)?;
    let hash = password::hash(password).await?;
    let mut tx = begin(db).await?;
    let id = insert(&mut tx, &new, Some(&hash), now).await?;
    let detail = json!({"id": id, "role": new.role});
    audit::record(&mut tx, actor, ("user.make", &new.email), &detail, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Inserts a checked account. Without a password it is an invited one.
pub(super) async fn insert(
    tx: &mut PgTransaction<'_>,
    new: &NewUser,
    password_hash: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let id = Uuid::now_v7();
    let made = sqlx::query!(
        "INSERT INTO admin_users
            (id, email, name, role, password_hash, created_at, password_changed_at)
         VALUES ($1, $2, $3, ($4::text)::admin_role, $5, $6, $6) ON CONFLICT DO NOTHING",
        id,
        new.email,
        new.name,
        new.role.as_str(),
        password_hash,
        now,
    )
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 0 {
        let sentence = "there is an account with this e-mail address";
        return Err(Problem::Conflict { sentence, conflict: json!({"email": new.email}) });
    }
    Ok(id)
}

/// The one form of an e-mail address that accounts are found by.
pub(super) fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The refusal of what is no e-mail address.
pub(super) fn address_error() -> FieldError {
    FieldError::new("email", "invalid", "must be an e-mail address")
}

/// Whether a text can be an e-mail address: something, `@`, and a host with a dot or `localhost`.
/// Whether it is one shows the first mail.
pub(super) fn is_address(text: &str) -> bool {
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control()) && text.len() <= 254;
    let host_fits = |host: &str| host == "localhost" || host.trim_matches('.').contains('.');
    plain
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.contains('@') && host_fits(host))
}

/// A change of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserChange {
    /// The account.
    id: Uuid,
    /// Its new role.
    role: Option<Role>,
    /// Whether nobody may sign in with it any more; its sessions and its links end at once.
    disabled: Option<bool>,
    /// `false` removes its second factor, when it is lost. Only an owner may, and not their own.
    second_factor: Option<bool>,
}

/// An account before its change.
struct Before {
    email: String,
    role: Option<Role>,
    disabled_at: Option<DateTime<Utc>>,
    /// Whether it is the only one left that may do everything.
    is_last_owner: bool,
}

/// Reads and locks an account, and all owners with it, so that two of them cannot take each other's
/// role away at once.
async fn before(tx: &mut PgTransaction<'_>, id: Uuid) -> Result<Before, Problem> {
    let owners = sqlx::query_scalar!(
        "SELECT id FROM admin_users
         WHERE role = 'owner' AND disabled_at IS NULL AND password_hash IS NOT NULL ORDER BY id
         FOR UPDATE"
    )
    .fetch_all(&mut **tx)
    .await?;
    let user = sqlx::query!(
        r#"SELECT email, role::text AS "role!", disabled_at FROM admin_users WHERE id = $1
         FOR UPDATE"#,
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Problem::NotFound("Account"))?;
    Ok(Before {
        email: user.email,
        role: Role::of_name(&user.role),
        disabled_at: user.disabled_at,
        is_last_owner: owners == [id],
    })
}

impl UserChange {
    /// Refuses what the caller may not do, and what would leave no owner.
    fn check(&self, may: &May<WriteUsers>, before: &Before) -> Result<(), Problem> {
        let manages = |role: Role| may.role.is_some_and(|own| own.may_manage(role));
        let all_managed = before.role.into_iter().chain(self.role).all(manages);
        let is_own = may.actor.as_str() == before.email;
        let may_remove = may.role == Some(Role::Owner) && !is_own;
        if !all_managed || (self.second_factor.is_some() && !may_remove) {
            return Err(Problem::Forbidden);
        }
        let stays_owner =
            self.role.is_none_or(|role| role == Role::Owner) && self.disabled != Some(true);
        if before.is_last_owner && !stays_owner {
            let sentence = "somebody must be the owner";
            return Err(Problem::Conflict { sentence, conflict: json!({"owners": 1}) });
        }
        Ok(())
    }
}

/// Changes the role of an account, disables it, or removes a second factor that is lost. The last owner
/// stays one.
#[utoipa::path(
    patch, path = "/api/admin/users", tag = "accounts", request_body = UserChange,
    security(("admin" = [])),
    responses(
        (status = 204, description = "Changed."),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 404, description = "There is no such account.", body = ProblemDocument),
        (status = 409, description = "It is the last owner.", body = ProblemDocument),
    )
)]
pub async fn change_user(
    cx: Context,
    may: May<WriteUsers>,
    Body(body): Body,
) -> Result<axum::http::StatusCode, Problem> {
    let change: UserChange = read("", &body).map_err(Problem::field)?;
    if change.second_factor == Some(true) {
        let message = "must be false: only its owner switches a second factor on";
        return Err(Problem::field(FieldError::new("secondFactor", "invalid", message)));
    }
    let mut tx = begin(&cx.app.db).await?;
    let before = before(&mut tx, change.id).await?;
    change.check(&may, &before)?;
    let disabled_at = match change.disabled {
        Some(true) => Some(before.disabled_at.unwrap_or(cx.now)),
        Some(false) => None,
        None => before.disabled_at,
    };
    sqlx::query!(
        "UPDATE admin_users SET role = coalesce(($2::text)::admin_role, role), disabled_at = $3
         WHERE id = $1",
        change.id,
        change.role.map(Role::as_str),
        disabled_at
    )
    .execute(&mut *tx)
    .await?;
    if disabled_at.is_some() {
        session::end_all(&mut *tx, change.id, cx.now).await?;
        password_links::end_all(&mut *tx, change.id, cx.now).await?;
    }
    if change.second_factor == Some(false) {
        second_factor::remove(&mut tx, change.id).await?;
    }
    let detail = json!({
        "id": change.id,
        "role": change.role,
        "disabled": change.disabled,
        "secondFactor": change.second_factor,
    });
    audit::record(&mut tx, &may.actor, ("user.change", &before.email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// What the operator gives an account whose owner cannot sign in any more.
pub struct Rescue {
    /// The account's e-mail address.
    pub email: String,
    /// Its new password.
    pub password: String,
    /// Whether its second factor is removed too.
    pub remove_second_factor: bool,
}

/// Gives an account another password, removes its second factor if asked to, and ends its sessions.
pub async fn rescue(
    db: &PgPool,
    rescue: Rescue,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let email = canonical(&rescue.email);
    password::check("password", &rescue.password, &email)?;
    let hash = password::hash(rescue.password).await?;
    let mut tx = begin(db).await?;
    let id = sqlx::query_scalar!(
        "UPDATE admin_users SET password_hash = $2, password_changed_at = $3 WHERE email = $1
         RETURNING id",
        email,
        hash,
        now
    )
    .fetch_optional(&mut *tx)
    .await?;
    let id = id.ok_or(Problem::NotFound("Account"))?;
    if rescue.remove_second_factor {
        second_factor::remove(&mut tx, id).await?;
    }
    session::end_all(&mut *tx, id, now).await?;
    password_links::end_all(&mut *tx, id, now).await?;
    tries::forget_account(&mut tx, &email).await?;
    let detail = json!({"id": id, "secondFactorRemoved": rescue.remove_second_factor});
    audit::record(&mut tx, actor, ("user.reset_password", &email), &detail, now).await?;
    tx.commit().await?;
    Ok(())
}
