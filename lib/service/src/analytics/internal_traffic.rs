//! Which sessions are the maker's own people. A change of the rules counts for the past too: every
//! session is judged anew by the next projections.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::visits::mark_all_in;
use crate::accounts::{May, ReadAnalytics, WriteSettings, record};
use crate::http::{Body, Context, FieldError, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Fields of a session that a rule may look at.
const FIELDS: [&str; 5] = ["session_id", "visitor_id", "user_agent", "referrer", "city"];

/// Most rules.
const RULES_MAX: usize = 100;

/// A rule: sessions whose field contains a text are internal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InternalRule {
    /// `session_id`, `visitor_id`, `user_agent`, `referrer` or `city`.
    field: String,
    /// The text, 3 to 200 characters; case does not matter.
    #[schema(min_length = 3, max_length = 200)]
    contains: String,
    /// What the rule is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    note: String,
}

/// The rules about internal traffic.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InternalTraffic {
    /// Each is enough by itself.
    #[schema(max_items = 100)]
    rules: Vec<InternalRule>,
}

/// The rules about internal traffic.
#[utoipa::path(
    get, path = "/api/admin/internal-traffic", tag = "analytics", security(("admin" = [])),
    responses(
        (status = 200, description = "The rules.", body = InternalTraffic),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 503, description = "Try again later.", body = ProblemDocument),
    )
)]
pub async fn get_internal_traffic(
    cx: Context,
    _: May<ReadAnalytics>,
) -> Result<Json<InternalTraffic>, Problem> {
    let rules = sqlx::query_as!(
        InternalRule,
        "SELECT field, contains, note FROM internal_rules ORDER BY id"
    )
    .fetch_all(&cx.app.db)
    .await?;
    Ok(Json(InternalTraffic { rules }))
}

/// Puts rules in the place of those there are. All sessions, of the past too, are judged anew within
/// the next runs of the jobs.
#[utoipa::path(
    put, path = "/api/admin/internal-traffic", tag = "analytics", request_body = InternalTraffic,
    security(("admin" = [])),
    responses(
        (status = 204, description = "In force."),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 401, description = "Not signed in.", body = ProblemDocument),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was changed; try again later.", body = ProblemDocument),
    )
)]
pub async fn put_internal_traffic(
    cx: Context,
    may: May<WriteSettings>,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let traffic: InternalTraffic = read("", &body).map_err(Problem::field)?;
    check(&traffic.rules)?;
    let mut tx = begin(&cx.app.db).await?;
    sqlx::query!("DELETE FROM internal_rules").execute(&mut *tx).await?;
    for rule in &traffic.rules {
        sqlx::query!(
            "INSERT INTO internal_rules (id, field, contains, note, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, $6)",
            Uuid::now_v7(),
            rule.field,
            rule.contains,
            rule.note,
            cx.now,
            may.actor.as_str()
        )
        .execute(&mut *tx)
        .await?;
    }
    let sessions = mark_all_in(&mut tx).await?;
    let detail = json!({"rules": traffic.rules, "sessions": sessions});
    record(&mut tx, &may.actor, ("internal_traffic.change", "rules"), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check(rules: &[InternalRule]) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut refuse = |field: String, message: String| {
        errors.push(FieldError::new(field, "invalid", message));
    };
    if rules.len() > RULES_MAX {
        refuse("rules".to_owned(), format!("must be at most {RULES_MAX}"));
    }
    for (index, rule) in rules.iter().enumerate() {
        if !FIELDS.contains(&rule.field.as_str()) {
            refuse(
                format!("rules[{index}].field"),
                format!("must be one of {}", FIELDS.join(", ")),
            );
        }
        let characters = rule.contains.trim().chars().count();
        if !(3..=200).contains(&characters) {
            refuse(format!("rules[{index}].contains"), "must have 3 to 200 characters".to_owned());
        }
        if rule.note.chars().count() > 200 {
            refuse(format!("rules[{index}].note"), "must have at most 200 characters".to_owned());
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid(errors)) }
}
