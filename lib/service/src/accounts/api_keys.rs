//! API keys: for programs. A key is shown once; what is kept is its hash.

use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::accounts::Permission;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use subtle::ConstantTimeEq;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::may::{May, WriteApiKeys};
use super::{audit, secret};
use crate::http::{Actor, Body, Context, FieldError, Problem, ProblemDocument, Query, read};
use crate::platform::{App, begin};

/// What every key begins with, so that a leaked one is recognised.
const MARK: &str = "nhk_";

/// Characters of a key that are kept in clear, to tell keys apart.
const PREFIX_CHARS: usize = 8;

/// How exactly the last use is known.
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Longest life of a key, in days.
const DAYS_MAX: i64 = 400;

/// A key that was shown and is one.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) scopes: Vec<Permission>,
}

/// The key that a request shows, if it is still one.
pub(super) async fn find(
    app: &App,
    shown: &str,
    now: DateTime<Utc>,
) -> Result<Option<Known>, Problem> {
    let Some(prefix) = shown.strip_prefix(MARK).and_then(|rest| rest.get(..PREFIX_CHARS)) else {
        return Ok(None);
    };
    let row = sqlx::query!(
        "SELECT id, name, key_hash, scopes, last_used_at FROM api_keys
         WHERE prefix = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
        prefix,
        now
    )
    .fetch_optional(&app.db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if !bool::from(row.key_hash[..].ct_eq(&secret::hash(shown)[..])) {
        return Ok(None);
    }
    if row.last_used_at.is_none_or(|last| now - last > USED_EVERY) {
        sqlx::query!("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", row.id, now)
            .execute(&app.db)
            .await?;
    }
    let scopes = row.scopes.iter().filter_map(|name| Permission::of_name(name)).collect();
    Ok(Some(Known { name: row.name, scopes }))
}

/// A key as it is listed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Names the key.
    id: Uuid,
    /// What it is for.
    name: String,
    /// How it begins, after `nhk_`.
    prefix: String,
    /// What it may do.
    scopes: Vec<String>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Who made it.
    created_by: String,
    /// When it ends; nothing if never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

/// Every key that was ever made, newest first.
#[utoipa::path(
    get, path = "/api/admin/api-keys", tag = "accounts", security(("admin" = [])),
    responses(
        (status = 200, description = "The keys.", body = Vec<ApiKey>),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
    )
)]
pub async fn list_api_keys(
    cx: Context,
    _: May<WriteApiKeys>,
) -> Result<Json<Vec<ApiKey>>, Problem> {
    let keys = sqlx::query_as!(
        ApiKey,
        "SELECT id, name, prefix, scopes, created_at, created_by, expires_at, last_used_at,
            revoked_at
         FROM api_keys ORDER BY created_at DESC, id LIMIT 1000"
    )
    .fetch_all(&cx.app.db)
    .await?;
    Ok(Json(keys))
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may do: names of permissions.
    #[schema(min_items = 1)]
    pub scopes: Vec<String>,
    /// In how many days it ends, 1 to 400; never if left out.
    #[schema(minimum = 1, maximum = 400)]
    pub expires_in_days: Option<i64>,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeApiKey {
    /// Names the key.
    pub id: Uuid,
    /// The key itself. It is shown here and never again.
    pub key: String,
}

/// Makes a key. Nobody gives a key more than they may do themselves.
#[utoipa::path(
    post, path = "/api/admin/api-keys", tag = "accounts", request_body = NewApiKey,
    security(("admin" = [])),
    responses(
        (status = 200, description = "The key, shown once.", body = MadeApiKey),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 503, description = "Nothing was made; try again later.", body = ProblemDocument),
    )
)]
pub async fn make_api_key(
    cx: Context,
    may: May<WriteApiKeys>,
    Body(body): Body,
) -> Result<Json<MadeApiKey>, Problem> {
    let new: NewApiKey = read("", &body).map_err(Problem::field)?;
    let scopes = new.scopes.iter().filter_map(|name| Permission::of_name(name));
    if scopes.into_iter().any(|scope| !may.permissions.contains(&scope)) {
        return Err(Problem::Forbidden);
    }
    Ok(Json(make(&cx.app.db, &new, &may.actor, cx.now).await?))
}

/// Makes a key, with its audit entry.
pub async fn make(
    db: &PgPool,
    new: &NewApiKey,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<MadeApiKey, Problem> {
    let key = format!("{MARK}{}", secret::new_secret()?);
    let id = keep(db, new, &key, actor, now).await?;
    Ok(MadeApiKey { id, key })
}

/// Keeps a key whose secret somebody else chose: for tests and local mode.
pub(crate) async fn keep(
    db: &PgPool,
    new: &NewApiKey,
    key: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    check(new)?;
    let id = Uuid::now_v7();
    let prefix: String = key.chars().skip(MARK.len()).take(PREFIX_CHARS).collect();
    let expires_at = new.expires_in_days.map(|days| now + TimeDelta::days(days));
    let mut tx = begin(db).await?;
    sqlx::query!(
        "INSERT INTO api_keys
            (id, name, prefix, key_hash, scopes, created_at, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        new.name,
        prefix,
        &secret::hash(key)[..],
        &new.scopes,
        now,
        actor.as_str(),
        expires_at,
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({"prefix": prefix, "scopes": new.scopes, "expiresAt": expires_at});
    let subject = format!("api key {}", new.name);
    audit::record(&mut tx, actor, ("api_key.make", &subject), &detail, now).await?;
    tx.commit().await?;
    Ok(id)
}

fn check(new: &NewApiKey) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut error = |field: &str, message: String| {
        errors.push(FieldError::new(field, "invalid", message));
    };
    if !(1..=100).contains(&new.name.chars().count()) || new.name.contains('\0') {
        error("name", "must have 1 to 100 characters".to_owned());
    }
    let known = Permission::ALL.map(Permission::as_str).join(", ");
    if new.scopes.is_empty() {
        error("scopes", format!("must hold some of {known}"));
    }
    for (index, scope) in new.scopes.iter().enumerate() {
        if Permission::of_name(scope).is_none() {
            error(&format!("scopes[{index}]"), format!("must be one of {known}"));
        }
    }
    if new.expires_in_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        error("expiresInDays", format!("must be 1 to {DAYS_MAX}"));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(errors)) }
}

/// Names a key.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApiKeyQuery {
    /// The key's id.
    id: Uuid,
}

/// Revokes a key, at once and for good.
#[utoipa::path(
    delete, path = "/api/admin/api-keys", tag = "accounts", params(ApiKeyQuery),
    security(("admin" = [])),
    responses(
        (status = 204, description = "The key opens nothing any more."),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 404, description = "There is no such key, or it was revoked before.", body = ProblemDocument),
        (status = 422, description = "No id.", body = ProblemDocument),
    )
)]
pub async fn revoke_api_key(
    cx: Context,
    may: May<WriteApiKeys>,
    Query(query): Query<ApiKeyQuery>,
) -> Result<axum::http::StatusCode, Problem> {
    let mut tx = begin(&cx.app.db).await?;
    let name = sqlx::query_scalar!(
        "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING name",
        query.id,
        cx.now
    )
    .fetch_optional(&mut *tx)
    .await?;
    let subject = format!("api key {}", name.ok_or(Problem::NotFound("API key"))?);
    let act = ("api_key.revoke", subject.as_str());
    audit::record(&mut tx, &may.actor, act, &json!({"id": query.id}), cx.now).await?;
    tx.commit().await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
