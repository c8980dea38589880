//! Alerts for administrators: what is wrong and was, and acknowledging it.

use axum::Json;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use nest_haus_domain::monitoring::{IncidentState, RuleId};
use nest_haus_domain::notifications::Line;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::incidents;
use super::rules::rule_of_name;
use crate::accounts::{May, ReadAnalytics, WriteAlerts, record};
use crate::http::{Body, Context, FieldError, Only, Problem, ProblemDocument, read};
use crate::platform::begin;

/// Most alerts of a page.
const LIMIT_MAX: i64 = 200;

/// Most characters of a note.
const NOTE_CHARS_MAX: usize = 1000;

/// Which alerts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlertsQuery {
    /// `firing`, `acknowledged` or `resolved`; all where it is left out.
    state: Option<String>,
    /// The name of a rule; all where it is left out.
    rule: Option<String>,
    /// Most alerts, 1 to 200; 50 where it is left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the list goes on: `nextCursor` of the page before.
    cursor: Option<Uuid>,
}

/// What is wrong, and what was.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertList {
    /// Always true.
    success: bool,
    /// How many there are in each state.
    counts: StateCounts,
    /// The alerts, those that began last first.
    alerts: Vec<AlertView>,
    /// What to give as `cursor` for the next page; nothing where this is the last.
    next_cursor: Option<Uuid>,
}

/// How many alerts there are in each state, of the rule that was asked for or of all.
#[derive(Debug, Serialize, ToSchema)]
struct StateCounts {
    firing: i64,
    acknowledged: i64,
    resolved: i64,
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AlertView {
    /// Names it.
    id: Uuid,
    /// Its rule.
    rule: String,
    /// What it is about, the name of a job for example; empty where the rule says it all.
    subject: String,
    /// What is wrong.
    title: String,
    /// `critical` or `warning`.
    severity: String,
    /// `firing`, `acknowledged` or `resolved`.
    state: String,
    /// The latest value.
    value: f64,
    /// What may be, when it began.
    threshold: f64,
    /// The worst value.
    peak: f64,
    /// `ms`, `minutes`, `share`, `times`, `count` or `score`.
    unit: Option<&'static str>,
    /// Measurements that the latest value comes from.
    count: i64,
    /// More about it.
    #[schema(value_type = Vec<Line>)]
    detail: Value,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it was over.
    resolved_at: Option<DateTime<Utc>>,
    /// How often it began again soon after it was over.
    reopened: i32,
    /// When its message was made; nothing while the rule is muted.
    notified_at: Option<DateTime<Utc>>,
    /// When somebody said that they know.
    acknowledged_at: Option<DateTime<Utc>>,
    /// Who.
    acknowledged_by: Option<String>,
    /// What they said about it.
    note: Option<String>,
}

impl AlertsQuery {
    fn checked_limit(&self) -> Result<i64, Problem> {
        if let Some(rule) = &self.rule {
            rule_of_name(rule)?;
        }
        let mut errors = Vec::new();
        if self.state.as_deref().is_some_and(|state| IncidentState::of_name(state).is_none()) {
            let names = IncidentState::ALL.map(IncidentState::as_str).join(", ");
            errors.push(FieldError::new("state", "invalid", format!("must be one of {names}")));
        }
        let limit = self.limit.unwrap_or(50);
        if !(1..=LIMIT_MAX).contains(&limit) {
            errors.push(FieldError::new("limit", "invalid", format!("must be 1 to {LIMIT_MAX}")));
        }
        if errors.is_empty() { Ok(limit) } else { Err(Problem::Invalid(errors)) }
    }
}

/// What is wrong and what was, those that began last first.
#[utoipa::path(
    get, path = "/api/admin/alerts", tag = "operations", params(AlertsQuery),
    security(("admin" = [])),
    responses(
        (status = 200, description = "The alerts.", body = AlertList),
        (status = 422, description = "A parameter is unknown or not allowed.", body = ProblemDocument),
    )
)]
pub async fn list_alerts(
    cx: Context,
    _: May<ReadAnalytics>,
    Only(query): Only<AlertsQuery>,
) -> Result<Json<AlertList>, Problem> {
    let limit = query.checked_limit()?;
    let counts = sqlx::query_as!(
        StateCounts,
        r#"SELECT count(*) FILTER (WHERE state = 'firing') AS "firing!",
            count(*) FILTER (WHERE state = 'acknowledged') AS "acknowledged!",
            count(*) FILTER (WHERE state = 'resolved') AS "resolved!"
         FROM alerts WHERE $1::text IS NULL OR rule = $1"#,
        query.rule
    )
    .fetch_one(&cx.app.db)
    .await?;
    let alerts = page(&cx, &query, limit).await?;
    let is_full = i64::try_from(alerts.len()).is_ok_and(|listed| listed == limit);
    let next_cursor = alerts.last().filter(|_| is_full).map(|last| last.id);
    Ok(Json(AlertList { success: true, counts, alerts, next_cursor }))
}

async fn page(
    cx: &Context,
    query: &AlertsQuery,
    limit: i64,
) -> Result<Vec<AlertView>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, rule, subject, severity, state, value, threshold, peak, count, detail, started_at,
            resolved_at, reopened, notified_at, acknowledged_at, acknowledged_by, note
         FROM alerts
         WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR rule = $2)
            AND ($3::uuid IS NULL OR (started_at, id) <
                (SELECT started_at, id FROM alerts WHERE id = $3))
         ORDER BY started_at DESC, id DESC LIMIT $4",
        query.state,
        query.rule,
        query.cursor,
        limit
    )
    .fetch_all(&cx.app.db)
    .await?;
    let view = |rule: Option<RuleId>| {
        (rule.map(|rule| rule.title().en), rule.map(|rule| rule.unit().as_str()))
    };
    let alerts = rows.into_iter().map(|row| {
        let (title, unit) = view(RuleId::of_name(&row.rule));
        AlertView {
            id: row.id,
            title: title.unwrap_or_else(|| row.rule.clone()),
            rule: row.rule,
            subject: row.subject,
            severity: row.severity,
            state: row.state,
            value: row.value,
            threshold: row.threshold,
            peak: row.peak,
            unit,
            count: row.count,
            detail: row.detail,
            started_at: row.started_at,
            resolved_at: row.resolved_at,
            reopened: row.reopened,
            notified_at: row.notified_at,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
            note: row.note,
        }
    });
    Ok(alerts.collect())
}

/// An alert that somebody knows of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledgement {
    /// The alert.
    id: Uuid,
    /// What to say about it.
    #[serde(default)]
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// Says that somebody knows of an alert. It stays so when it begins again soon after it was over.
#[utoipa::path(
    post, path = "/api/admin/alerts/acknowledge", tag = "operations", request_body = Acknowledgement,
    security(("admin" = [])),
    responses(
        (status = 204, description = "Acknowledged."),
        (status = 404, description = "There is no such alert.", body = ProblemDocument),
        (status = 409, description = "It is over.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
    )
)]
pub async fn acknowledge_alert(
    cx: Context,
    may: May<WriteAlerts>,
    Body(body): Body,
) -> Result<StatusCode, Problem> {
    let Acknowledgement { id, note } = read("", &body).map_err(Problem::field)?;
    if note.as_ref().is_some_and(|note| note.chars().count() > NOTE_CHARS_MAX) {
        let message = format!("must have at most {NOTE_CHARS_MAX} characters");
        return Err(Problem::field(FieldError::new("note", "too_long", message)));
    }
    let mut tx = begin(&cx.app.db).await?;
    incidents::lock(&mut tx).await?;
    let alert = sqlx::query!("SELECT rule, state FROM alerts WHERE id = $1", id)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Problem::NotFound("Alert"))?;
    if alert.state == IncidentState::Resolved.as_str() {
        let sentence = "the alert is over";
        return Err(Problem::Conflict { sentence, conflict: json!({"state": alert.state}) });
    }
    sqlx::query!(
        "UPDATE alerts SET state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3, note = $4
         WHERE id = $1",
        id,
        cx.now,
        may.actor.as_str(),
        note
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({"rule": alert.rule, "note": note});
    record(&mut tx, &may.actor, ("alert.acknowledge", &id.to_string()), &detail, cx.now).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
