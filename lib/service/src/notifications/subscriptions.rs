//! Who gets which messages, in which language.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use nest_haus_domain::accounts::{Permission, Role};
use nest_haus_domain::notifications::{Kind, Language};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::{SignedIn, record};
use crate::http::{Body, Context, FieldError, Only, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Somebody who gets messages of a kind.
pub(super) struct Subscriber {
    pub(super) user_id: Uuid,
    pub(super) language: Language,
}

/// Roles that get what is on by default.
const BY_DEFAULT: [Role; 2] = [Role::Owner, Role::Admin];

/// Everybody who gets messages of a kind, by their ids.
pub(super) async fn subscribers(
    db: &mut PgConnection,
    kind: Kind,
) -> Result<Vec<Subscriber>, sqlx::Error> {
    let by_default = if kind.is_on_by_default() { &BY_DEFAULT[..] } else { &[] };
    let roles: Vec<String> = by_default.iter().map(|role| role.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT u.id, s.language AS "language?"
         FROM admin_users AS u
         LEFT JOIN notification_subscriptions AS s ON s.user_id = u.id AND s.kind = $1
         WHERE u.disabled_at IS NULL AND u.password_hash IS NOT NULL
            AND coalesce(s.enabled, u.role::text = ANY($2))
         ORDER BY u.id"#,
        kind.as_str(),
        &roles
    )
    .fetch_all(db)
    .await?;
    let subscriber = |(user_id, language): (Uuid, Option<String>)| Subscriber {
        user_id,
        language: language.as_deref().and_then(Language::of_name).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(|row| subscriber((row.id, row.language))).collect())
}

/// Whether somebody gets messages of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscription {
    /// `alert`, `alert_resolved`, `weekly_report` or `monthly_report`.
    kind: Kind,
    /// `de` or `en`.
    language: Language,
    /// Whether messages of the kind are sent.
    enabled: bool,
}

/// What an account gets.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscriptions {
    /// The account.
    user_id: Uuid,
    /// Every kind of message.
    subscriptions: Vec<Subscription>,
}

/// Whose subscriptions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionsQuery {
    /// Another account than one's own; needs `users:write`.
    user_id: Option<Uuid>,
}

/// What an account chooses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChosenSubscriptions {
    /// Another account than one's own; needs `users:write`.
    user_id: Option<Uuid>,
    /// The kinds that are chosen anew; the others stay as they are.
    #[schema(min_items = 1, max_items = 4)]
    subscriptions: Vec<Subscription>,
}

/// Whose subscriptions are meant, if the caller may see and choose them.
fn whose(person: &SignedIn, user_id: Option<Uuid>) -> Result<Uuid, Problem> {
    let own = person.user_id();
    let user_id = user_id.unwrap_or(own);
    if user_id == own || person.role().may(Permission::WriteUsers) {
        Ok(user_id)
    } else {
        Err(Problem::NotPermitted(Permission::WriteUsers.as_str()))
    }
}

/// Which messages one gets by mail, or another account does.
#[utoipa::path(
    get, path = "/api/admin/notifications/subscriptions", tag = "operations",
    params(SubscriptionsQuery), security(("session" = [])),
    responses(
        (status = 200, description = "Every kind of message.", body = Subscriptions),
        (status = 403, description = "Another's, which needs `users:write`.", body = ProblemDocument),
        (status = 404, description = "There is no such account.", body = ProblemDocument),
    )
)]
pub async fn get_subscriptions(
    cx: Context,
    person: SignedIn,
    Only(query): Only<SubscriptionsQuery>,
) -> Result<Json<Subscriptions>, Problem> {
    let user_id = whose(&person, query.user_id)?;
    let mut db = cx.app.db.acquire().await?;
    let (_, role) = account(&mut db, user_id).await?;
    let rows = sqlx::query!(
        "SELECT kind, language, enabled FROM notification_subscriptions WHERE user_id = $1",
        user_id
    )
    .fetch_all(&mut *db)
    .await?;
    let chosen: BTreeMap<String, (String, bool)> =
        rows.into_iter().map(|row| (row.kind, (row.language, row.enabled))).collect();
    let subscription = |kind: Kind| match chosen.get(kind.as_str()) {
        Some((language, enabled)) => Subscription {
            kind,
            language: Language::of_name(language).unwrap_or_default(),
            enabled: *enabled,
        },
        None => Subscription {
            kind,
            language: Language::default(),
            enabled: kind.is_on_by_default() && BY_DEFAULT.contains(&role),
        },
    };
    Ok(Json(Subscriptions { user_id, subscriptions: Kind::ALL.map(subscription).to_vec() }))
}

/// Chooses which messages one gets by mail, or another account does.
#[utoipa::path(
    put, path = "/api/admin/notifications/subscriptions", tag = "operations",
    request_body = ChosenSubscriptions, security(("session" = [])),
    responses(
        (status = 204, description = "In force."),
        (status = 403, description = "Another's, which needs `users:write`.", body = ProblemDocument),
        (status = 404, description = "There is no such account.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
    )
)]
pub async fn put_subscriptions(
    cx: Context,
    person: SignedIn,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let chosen: ChosenSubscriptions = read("", &body).map_err(Problem::field)?;
    if !(1..=Kind::ALL.len()).contains(&chosen.subscriptions.len()) {
        let message = format!("must be 1 to {}", Kind::ALL.len());
        return Err(Problem::field(FieldError::new("subscriptions", "invalid", message)));
    }
    let user_id = whose(&person, chosen.user_id)?;
    let mut tx = begin(&cx.app.db).await?;
    let (email, _) = account(&mut tx, user_id).await?;
    for subscription in &chosen.subscriptions {
        sqlx::query!(
            "INSERT INTO notification_subscriptions (user_id, kind, language, enabled)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, kind) DO UPDATE
             SET language = excluded.language, enabled = excluded.enabled",
            user_id,
            subscription.kind.as_str(),
            subscription.language.as_str(),
            subscription.enabled
        )
        .execute(&mut *tx)
        .await?;
    }
    let detail = json!({"id": user_id, "subscriptions": chosen.subscriptions});
    record(&mut tx, &person.actor(), ("notifications.subscribe", &email), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The address and the role of an account.
async fn account(db: &mut PgConnection, user_id: Uuid) -> Result<(String, Role), Problem> {
    let row = sqlx::query!(
        r#"SELECT email, role::text AS "role!" FROM admin_users WHERE id = $1"#,
        user_id
    )
    .fetch_optional(db)
    .await?;
    let found = row.and_then(|row| Some((row.email, Role::of_name(&row.role)?)));
    found.ok_or(Problem::NotFound("Account"))
}
