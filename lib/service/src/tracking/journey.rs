//! A session's interactions in order, for the session's own client.

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::Register;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session_token;
use super::sessions::{SessionQuery, configuration_data, facts_of, iso, last_activity};
use crate::http::{Context, FreeObject, Problem, ProblemDocument, Query};
use crate::platform::begin_bounded;

/// Most interactions in an answer.
const INTERACTIONS_MAX: i64 = 1000;

/// A session and what its visitor did.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct Journey {
    /// Always true.
    success: bool,
    /// The session.
    session: JourneySession,
    /// Its interactions in order, at most 1,000.
    #[schema(max_items = 1000)]
    interactions: Vec<JourneyStep>,
}

/// The session of a journey.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct JourneySession {
    /// The session's id.
    session_id: String,
    /// When it began.
    start_time: Option<DateTime<Utc>>,
    /// When the visitor left last.
    end_time: Option<DateTime<Utc>>,
    /// Where the visitor is, as the platform says.
    city: Option<String>,
    /// The same: two letters.
    country: Option<String>,
    /// `ACTIVE`, `ABANDONED`, `IN_CART`, `COMPLETED` or `CONVERTED`.
    status: String,
    /// The configuration as it was sent last, and `userData`.
    #[schema(value_type = Option<FreeObject>)]
    configuration_data: Option<Value>,
    /// When the visitor did something last.
    last_activity: Option<DateTime<Utc>>,
    /// Interactions in this answer.
    total_interactions: i64,
    /// `mobile`, `tablet`, `desktop` or what the client called it.
    device_type: Option<String>,
}

/// One interaction of a journey.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct JourneyStep {
    /// The event's id.
    id: Uuid,
    /// What was done.
    event_type: String,
    /// To what.
    category: String,
    /// The element that was used.
    element_id: Option<String>,
    /// The value that was chosen.
    selection_value: Option<String>,
    /// The value that was chosen before.
    previous_value: Option<String>,
    /// When it happened.
    timestamp: DateTime<Utc>,
    /// Milliseconds.
    time_spent: Option<i64>,
    /// The visitor's device.
    device_type: Option<String>,
    /// Anything else that the client sent.
    additional_data: Option<Value>,
}

/// A session with its first thousand stored interactions in order. Answers the session's own
/// client alone: what somebody did is theirs.
#[utoipa::path(
    get, path = "/api/sessions/get-journey", tag = "sessions", params(SessionQuery),
    responses(
        (status = 200, description = "The session and its interactions.", body = Journey),
        (status = 400, description = "No session named.", body = ProblemDocument),
        (status = 403, description = "Not the session's own client.", body = ProblemDocument),
        (status = 404, description = "Unknown session.", body = ProblemDocument),
    )
)]
pub async fn get_journey(
    cx: Context,
    Query(query): Query<SessionQuery>,
) -> Result<Json<Value>, Problem> {
    let session_id = query.session_id("Missing sessionId parameter")?;
    let facts = facts_of(&cx, &session_id).await?;
    if facts.is_empty() {
        return Err(Problem::NotFound("Session"));
    }
    if !session_token::is_owner(&cx.app, &cx.caller, &session_id, &facts) {
        return Err(Problem::Forbidden);
    }
    let mut tx = begin_bounded(&cx.app.db, cx.app.config.request_timeout).await?;
    let rows = sqlx::query!(
        "SELECT event_id, event_type, category, element_id, selection_value, previous_value,
            occurred_at, time_spent_ms, device_type, additional_data
         FROM interaction_events WHERE session_key = $1
         ORDER BY occurred_at, coalesce(seq, 0), event_id LIMIT $2",
        session_id.key().as_uuid(),
        INTERACTIONS_MAX
    )
    .fetch_all(&mut *tx)
    .await?;
    let open = |value: Option<Value>| {
        let mut value = value.unwrap_or(Value::Null);
        cx.app.sealer.open_or_remove(session_id.as_str(), &mut value, true);
        value
    };
    let interactions: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            json!({
                "id": row.event_id,
                "eventType": row.event_type,
                "category": row.category,
                "elementId": row.element_id,
                "selectionValue": open(row.selection_value.map(Value::String)),
                "previousValue": open(row.previous_value.map(Value::String)),
                "timestamp": iso(row.occurred_at),
                "timeSpent": row.time_spent_ms,
                "deviceType": row.device_type,
                "additionalData": open(row.additional_data),
            })
        })
        .collect();
    let context = facts.value(&Register::Context).cloned().unwrap_or(Value::Null);
    Ok(Json(json!({
        "success": true,
        "session": {
            "sessionId": session_id,
            "startTime": facts.at(&Register::Started).map(iso),
            "endTime": facts.at(&Register::LastExit).map(iso),
            "city": context.get("city"),
            "country": context.get("country"),
            "status": facts.status(),
            "configurationData": configuration_data(&cx, &session_id, &facts, true),
            "lastActivity": last_activity(&facts),
            "totalInteractions": interactions.len(),
            "deviceType": facts.value(&Register::Device).and_then(|device| device.get("type")),
        },
        "interactions": interactions,
    })))
}
