//! The list of kept reports.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Kind;
use crate::accounts::{May, ReadAnalytics};
use crate::analytics::cursor;
use crate::http::{Context, Only, Problem, ProblemDocument, how_many};

/// Reports that a page lists where nobody says how many.
const LIMIT_DEFAULT: i64 = 50;

/// Most reports of a page.
const LIMIT_MAX: i64 = 200;

/// Which reports.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportsQuery {
    /// `daily-summary`, `weekly-customer-behaviour` or `monthly-revenue-conversion`; all, if left out.
    #[param(inline)]
    kind: Option<Kind>,
    /// Most reports, 1 to 200 (default 50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Kept reports, those of the latest periods first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportList {
    /// The reports.
    reports: Vec<ListedReport>,
    /// Where the next page begins; nothing at the end.
    next_cursor: Option<String>,
}

/// A kept report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedReport {
    /// Names the report.
    id: Uuid,
    /// What it is about.
    kind: String,
    /// First instant covered.
    from: DateTime<Utc>,
    /// First instant after it.
    to: DateTime<Utc>,
    /// The zone whose day, week or month it is.
    tz: String,
    /// When it was made.
    made_at: DateTime<Utc>,
}

/// Kept reports, those of the latest periods first.
#[utoipa::path(
    get, path = "/api/admin/reports", tag = "analytics", params(ReportsQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The reports.", body = ReportList),
        (status = 422, description = "Unknown kind, limit or cursor.", body = ProblemDocument),
    )
)]
pub async fn list_reports(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<ReportsQuery>,
) -> Result<Json<ReportList>, Problem> {
    let limit = how_many("limit", query.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = query.cursor.as_deref().map(cursor::decode::<(DateTime<Utc>, Uuid)>).transpose()?;
    let (after_to, after_id) = after.unzip();
    let mut reports = sqlx::query_as!(
        ListedReport,
        r#"SELECT id, kind, period_from AS "from", period_to AS "to", time_zone AS tz, made_at
         FROM stored_reports
         WHERE ($1::text IS NULL OR kind = $1)
            AND ($2::timestamptz IS NULL OR (period_to, id) < ($2, $3))
         ORDER BY period_to DESC, id DESC LIMIT $4"#,
        query.kind.map(Kind::as_str),
        after_to,
        after_id,
        limit + 1
    )
    .fetch_all(&cx.app.db)
    .await?;
    let page = usize::try_from(limit).unwrap_or_default();
    let more = reports.len() > page;
    reports.truncate(page);
    let last = reports.last().filter(|_| more);
    let next_cursor = last.and_then(|last| cursor::encode(&(last.to, last.id)));
    Ok(Json(ReportList { reports, next_cursor }))
}
