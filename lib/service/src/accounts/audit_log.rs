//! The audit log for administrators.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::may::{May, ReadAudit};
use crate::http::{Context, FreeObject, Only, Problem, ProblemDocument, how_many};

/// Most entries of a page.
const LIMIT_MAX: i64 = 500;

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Most entries, 1 to 500 (default 100).
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// Only entries before this one.
    before: Option<i64>,
    /// Only what this one did.
    actor: Option<String>,
    /// Only this action.
    action: Option<String>,
    /// Only entries whose actor, action or subject has this text in it, in capitals or not.
    search: Option<String>,
    /// Only entries from this instant on.
    from: Option<DateTime<Utc>>,
    /// Only entries before this instant.
    to: Option<DateTime<Utc>>,
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntry {
    /// Place in the log, from 1, without gaps.
    seq: i64,
    /// When.
    at: DateTime<Utc>,
    /// Who.
    actor: String,
    /// What.
    action: String,
    /// To what.
    subject: String,
    /// More about it.
    #[schema(value_type = FreeObject)]
    detail: Value,
}

/// What administrators did, newest first.
#[utoipa::path(
    get, path = "/api/admin/audit", tag = "accounts", params(AuditQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The entries; the last one's `seq` is the next page's `before`.", body = Vec<AuditLogEntry>),
        (status = 403, description = "Not allowed.", body = ProblemDocument),
        (status = 422, description = "Limit out of range, or a parameter unknown or of another type.", body = ProblemDocument),
    )
)]
pub async fn audit_log(
    cx: Context,
    _: May<ReadAudit>,
    Only(query): Only<AuditQuery>,
) -> Result<Json<Vec<AuditLogEntry>>, Problem> {
    let limit = how_many("limit", query.limit, 100, LIMIT_MAX)?;
    let rows = sqlx::query!(
        "SELECT seq, at, actor, action, subject, detail FROM audit_log
         WHERE seq < $1 AND ($3::text IS NULL OR actor = $3) AND ($4::text IS NULL OR action = $4)
            AND ($5::text IS NULL
                OR position(lower($5) IN lower(concat_ws(E'\\n', actor, action, subject))) > 0)
            AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7)
         ORDER BY seq DESC LIMIT $2",
        query.before.unwrap_or(i64::MAX),
        limit,
        query.actor,
        query.action,
        query.search,
        query.from,
        query.to
    )
    .fetch_all(&cx.app.db)
    .await?;
    let entry = |row: String| serde_json::from_str(&row).unwrap_or(Value::String(row));
    let entries = rows.into_iter().map(|row| AuditLogEntry {
        seq: row.seq,
        at: row.at,
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        detail: entry(row.detail),
    });
    Ok(Json(entries.collect()))
}
