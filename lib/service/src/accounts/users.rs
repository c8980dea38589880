//! Accounts of administrators.

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::accounts::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::may::{May, ReadUsers, WriteUsers};
use super::{audit, password};
use crate::http::{Actor, Body, Context, FieldError, Problem, ProblemDocument, read};

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
    let users = sqlx::query_as!(
        User,
        r#"SELECT id, email, name, role::text AS "role!", created_at, last_login_at, disabled_at
         FROM admin_users ORDER BY email LIMIT 1000"#
    )
    .fetch_all(&cx.app.db)
    .await?;
    Ok(Json(users))
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
    /// Its first password, 12 characters or more; to be changed by whom it is for.
    #[schema(min_length = 12, max_length = 256)]
    pub password: String,
}

/// An account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeUser {
    /// Names the account.
    id: Uuid,
}

/// Makes an account. Only an owner makes owners and administrators.
#[utoipa::path(
    post, path = "/api/admin/users", tag = "accounts", request_body = NewUser,
    security(("admin" = [])),
    responses(
        (status = 200, description = "Made.", body = MadeUser),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 409, description = "There is an account with this address.", body = ProblemDocument),
        (status = 503, description = "Nothing was made; try again later.", body = ProblemDocument),
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
    let id = make(&cx.app.db, new, &may.actor, cx.now).await?;
    Ok(Json(MadeUser { id }))
}

/// Makes an account, with its audit entry.
pub async fn make(
    db: &PgPool,
    new: NewUser,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let email = new.email.trim().to_lowercase();
    let mut errors = Vec::new();
    if !is_address(&email) {
        errors.push(FieldError::new("email", "invalid", "must be an e-mail address"));
    }
    if !(1..=100).contains(&new.name.chars().count()) || new.name.contains('\0') {
        errors.push(FieldError::new("name", "invalid", "must have 1 to 100 characters"));
    }
    if !errors.is_empty() {
        return Err(Problem::Invalid(errors));
    }
    password::check("password", &new.password, &email)?;
    let hash = password::hash(new.password).await?;
    let id = Uuid::now_v7();
    let mut tx = db.begin().await?;
    let made = sqlx::query!(
        "INSERT INTO admin_users
            (id, email, name, role, password_hash, created_at, password_changed_at)
         VALUES ($1, $2, $3, ($4::text)::admin_role, $5, $6, $6) ON CONFLICT DO NOTHING",
        id,
        email,
        new.name,
        new.role.as_str(),
        hash,
        now,
    )
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 0 {
        let sentence = "there is an account with this e-mail address";
        return Err(Problem::Conflict { sentence, conflict: json!({"email": email}) });
    }
    let detail = json!({"id": id, "role": new.role});
    audit::record(&mut tx, actor, ("user.make", &email), &detail, now).await?;
    tx.commit().await?;
    Ok(id)
}

/// Whether a text can be an e-mail address: something, `@`, and a host with a dot or `localhost`.
/// Whether it is one shows the first mail.
fn is_address(text: &str) -> bool {
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
    /// Whether nobody may sign in with it any more; its sessions end at once.
    disabled: Option<bool>,
}

/// Changes the role of an account, or disables it. The last owner stays one.
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
    let mut tx = cx.app.db.begin().await?;
    // All owners are locked, so that two of them cannot take each other's role away at once.
    let owners = sqlx::query_scalar!(
        "SELECT id FROM admin_users WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id
         FOR UPDATE"
    )
    .fetch_all(&mut *tx)
    .await?;
    let user = sqlx::query!(
        r#"SELECT email, role::text AS "role!", disabled_at FROM admin_users WHERE id = $1
         FOR UPDATE"#,
        change.id
    )
    .fetch_optional(&mut *tx)
    .await?;
    let user = user.ok_or(Problem::NotFound("Account"))?;
    let roles = Role::of_name(&user.role).into_iter().chain(change.role);
    let manages = |role: Role| may.role.is_some_and(|own| own.may_manage(role));
    if !roles.into_iter().all(manages) {
        return Err(Problem::Forbidden);
    }
    let stays_owner =
        change.role.is_none_or(|role| role == Role::Owner) && change.disabled != Some(true);
    if owners == [change.id] && !stays_owner {
        let sentence = "somebody must be the owner";
        return Err(Problem::Conflict { sentence, conflict: json!({"owners": 1}) });
    }
    let disabled_at = match change.disabled {
        Some(true) => Some(user.disabled_at.unwrap_or(cx.now)),
        Some(false) => None,
        None => user.disabled_at,
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
        sqlx::query!(
            "UPDATE admin_sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL",
            change.id,
            cx.now
        )
        .execute(&mut *tx)
        .await?;
    }
    let detail = json!({"id": change.id, "role": change.role, "disabled": change.disabled});
    audit::record(&mut tx, &may.actor, ("user.change", &user.email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// Gives an account another password and ends its sessions: for the operator, when it is lost.
pub async fn reset_password(
    db: &PgPool,
    email: &str,
    password: String,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let email = email.trim().to_lowercase();
    password::check("password", &password, &email)?;
    let hash = password::hash(password).await?;
    let mut tx = db.begin().await?;
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
    sqlx::query!(
        "UPDATE admin_sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL",
        id,
        now
    )
    .execute(&mut *tx)
    .await?;
    let act = ("user.reset_password", email.as_str());
    audit::record(&mut tx, actor, act, &json!({"id": id}), now).await?;
    tx.commit().await?;
    Ok(())
}
