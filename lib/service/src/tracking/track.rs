//! Interactions in: one at a time, in batches, and today's selection event.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use nest_haus_domain::tracking::{
    Event, EventId, IdSource, Interaction, Kind, Payload, Rejection, SequenceReport, SessionId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::accept::{Incoming, Receipt, accept};
use super::session_token;
use super::wire::{Envelope, InteractionWire, bounded, optional_euros};
use crate::http::{
    Body, Context, EVENT_BYTES_MAX, EVENTS_MAX, FieldError, Problem, ProblemDocument, read,
};
use crate::privacy::is_personal;

/// Characters of a refused event that are kept.
const REJECTED_PAYLOAD_CHARS: usize = 4000;

/// One interaction of a session.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct TrackInteraction {
    #[serde(flatten)]
    envelope: Envelope,
    /// What the visitor did.
    interaction: InteractionWire,
}

/// Several interactions, of one session or of many.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct TrackBatch {
    /// What stands here holds for every event that does not say otherwise.
    #[serde(flatten)]
    envelope: Envelope,
    /// Up to 100 events, each of up to 32,000 bytes.
    #[schema(max_items = 100)]
    events: Vec<BatchEvent>,
    /// Events that the tab has numbered so far.
    emitted: Option<i64>,
    /// Events that the client gave up so far, by reason.
    #[schema(value_type = Option<Object>)]
    dropped_local: Option<Value>,
}

/// An event of a batch.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct BatchEvent {
    #[serde(flatten)]
    envelope: Envelope,
    #[serde(flatten)]
    interaction: InteractionWire,
}

/// Answer to clients that name their events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the contract's name")]
pub struct Accepted {
    /// Always true.
    success: bool,
    /// Events kept.
    accepted: usize,
    /// Events that this request itself repeated.
    duplicate: usize,
    /// Events refused; sending them again does not help.
    rejected: Vec<RejectedItem>,
    /// When the request arrived.
    server_time: DateTime<Utc>,
    /// The number after the greatest in this request.
    next_seq_hint: Option<i64>,
    /// The token of a session that this request named first.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<String>,
}

/// An event that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedItem {
    /// Position in the request, from 0.
    index: usize,
    /// The client's id of the event.
    id: Option<String>,
    /// Stable reason.
    code: String,
    /// The field at fault.
    field: String,
    /// What was wrong and what is allowed.
    message: String,
}

/// Keeps one interaction, or a batch under `events`.
#[utoipa::path(
    post, path = "/api/sessions/track-interaction", tag = "tracking",
    request_body(content = TrackInteraction, description = "One interaction, or a batch as for track-batch."),
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events."),
        (status = 202, description = "Kept.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 413, description = "Larger than 500,000 bytes.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_interaction(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    if body.get("events").is_some() {
        return take_batch(&cx, &body).await;
    }
    let envelope = read_envelope(&body)?;
    let Some(interaction) = body.get("interaction").filter(|value| value.is_object()) else {
        let error = "Missing required fields: sessionId, interaction";
        return refuse_one(&cx, &envelope, &body, error, FieldError::required("interaction")).await;
    };
    let nested = Envelope::read("interaction", interaction).map_err(Problem::field)?;
    let envelope = nested_or(nested, &envelope);
    if envelope.session_id.is_none() {
        let error = "Missing required fields: sessionId, interaction";
        return refuse_one(&cx, &envelope, &body, error, FieldError::required("sessionId")).await;
    }
    match interaction_event(&cx, &envelope, interaction, "interaction", 0) {
        Ok(event) => take_one(&cx, &envelope, event).await,
        Err(error) => {
            let text = "Missing required interaction fields: eventType, category";
            refuse_one(&cx, &envelope, &body, text, error).await
        }
    }
}

/// Keeps a batch of interactions, each on its own: a bad one does not take the others with it.
#[utoipa::path(
    post, path = "/api/sessions/track-batch", tag = "tracking",
    request_body = TrackBatch,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events."),
        (status = 202, description = "Kept; refused events are listed.", body = Accepted),
        (status = 400, description = "Not readable.", body = ProblemDocument),
        (status = 413, description = "Larger than 500,000 bytes.", body = ProblemDocument),
        (status = 422, description = "Every event invalid.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_batch(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    take_batch(&cx, &body).await
}

/// Today's selection event.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TrackSelection {
    /// The category that an option was chosen in.
    #[serde(default, deserialize_with = "bounded::<_, 200>")]
    category: Option<String>,
    /// The option.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    selection: Option<String>,
    /// The option before.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    previous_selection: Option<String>,
    /// Euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>)]
    price_change: Option<i64>,
    /// Euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>)]
    total_price: Option<i64>,
}

/// Keeps a choice of an option.
#[utoipa::path(
    post, path = "/api/sessions/track", tag = "tracking",
    request_body = TrackSelection,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events."),
        (status = 202, description = "Kept.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 429, description = "Too many requests.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_selection(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let envelope = read_envelope(&body)?;
    match selection_event(&cx, &envelope, &body) {
        Ok(event) => {
            let receipt = accept(&cx, Incoming::one(Kind::Interactions, event)).await?;
            let legacy = json!({"success": true, "timestamp": cx.now.timestamp_millis()});
            Ok(answer(&cx, &envelope, &receipt, legacy))
        }
        Err(error) => refuse_one(&cx, &envelope, &body, "Missing required fields", error).await,
    }
}

fn selection_event(cx: &Context, envelope: &Envelope, body: &Value) -> Result<Event, FieldError> {
    check_size(body, "body")?;
    let wire: TrackSelection = read("", body)?;
    let category = wire.category.ok_or_else(|| FieldError::required("category"))?;
    let selection = wire.selection.ok_or_else(|| FieldError::required("selection"))?;
    let interaction = Interaction {
        event_type: Interaction::SELECTION.to_owned(),
        category,
        element_id: None,
        selection_value: Some(selection),
        previous_value: wire.previous_selection,
        time_spent_ms: None,
        device: None,
        total_price_cents: wire.total_price,
        price_change_cents: wire.price_change,
        interactive: true,
        additional_data: None,
    };
    let session_id =
        envelope.session_id.clone().ok_or_else(|| FieldError::required("sessionId"))?;
    event(cx, envelope, Some(session_id), 0, Payload::Interaction(interaction))
}

async fn take_one(cx: &Context, envelope: &Envelope, event: Event) -> Result<Response, Problem> {
    let Payload::Interaction(interaction) = &event.payload else {
        return Err(Problem::NotFound("interaction"));
    };
    let data = json!({
        "interactionId": event.id,
        "sessionId": event.session_id,
        "eventType": interaction.event_type,
        "category": interaction.category,
        "processingTime": 0,
        "timestamp": cx.now.to_rfc3339_opts(SecondsFormat::Millis, true),
    });
    let receipt = accept(cx, Incoming::one(Kind::Interactions, event)).await?;
    let message = "Interaction tracked successfully";
    let legacy = json!({"success": true, "message": message, "data": data});
    Ok(answer(cx, envelope, &receipt, legacy))
}

async fn take_batch(cx: &Context, body: &Value) -> Result<Response, Problem> {
    let batch = read_envelope(body)?;
    let items = batch_items("events", body.get("events").unwrap_or(&Value::Null))?;
    let mut incoming = Incoming {
        kind: Kind::Interactions,
        events: Vec::with_capacity(items.len()),
        rejections: Vec::new(),
        sequences: sequence_reports(&batch, body)?,
    };
    let mut present = batch.is_present_protocol();
    for (index, item) in items.iter().enumerate() {
        present = present || item.get("eventId").is_some() || item.get("sentAt").is_some();
        match batch_event(cx, &batch, item, index) {
            Ok(event) => incoming.events.push(event),
            Err(error) => incoming.rejections.push(rejection(index, item, &batch, error)),
        }
    }
    let all_invalid = incoming.events.is_empty();
    let errors = incoming.rejections.iter().map(field_error).collect();
    let receipt = accept(cx, incoming).await?;
    if all_invalid && present {
        return Err(Problem::Invalid(errors));
    }
    let legacy = legacy_batch(items.len(), &receipt);
    let protocol = Envelope { sent_at: present.then_some(cx.now), ..Envelope::default() };
    Ok(answer(cx, &protocol, &receipt, legacy))
}

/// The items of a batch, of which there must be some and not too many.
pub(super) fn batch_items<'a>(field: &str, value: &'a Value) -> Result<&'a [Value], Problem> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        let message = format!("`{field}` must be a list of 1 to {EVENTS_MAX} items");
        let error = FieldError::new(field, "invalid", message);
        return Err(Problem::legacy("Missing or invalid events array", vec![error]));
    }
    if items.len() > EVENTS_MAX {
        let message = format!("{} items; at most {EVENTS_MAX} are allowed", items.len());
        return Err(Problem::field(FieldError::new(field, "too_many", message)));
    }
    Ok(items)
}

fn batch_event(
    cx: &Context,
    batch: &Envelope,
    item: &Value,
    index: usize,
) -> Result<Event, FieldError> {
    let prefix = format!("events[{index}]");
    check_size(item, &prefix)?;
    let envelope = Envelope::read(&prefix, item)?;
    match item.get("interaction") {
        Some(nested) => {
            let prefix = format!("{prefix}.interaction");
            let inner = Envelope::read(&prefix, nested)?;
            let envelope = nested_or(inner, &envelope).within(batch);
            interaction_event(cx, &envelope, nested, &prefix, index)
        }
        None => interaction_event(cx, &envelope.within(batch), item, &prefix, index),
    }
}

/// An envelope may stand around the interaction or inside it.
fn nested_or(nested: Envelope, outer: &Envelope) -> Envelope {
    Envelope {
        event_id: nested.event_id.clone().or_else(|| outer.event_id.clone()),
        seq: nested.seq.or(outer.seq),
        client_ts: nested.client_ts.or(outer.client_ts),
        age_ms: nested.age_ms.or(outer.age_ms),
        ..nested.within(outer)
    }
}

fn interaction_event(
    cx: &Context,
    envelope: &Envelope,
    value: &Value,
    prefix: &str,
    index: usize,
) -> Result<Event, FieldError> {
    check_size(value, prefix)?;
    let at = |field: &str| format!("{prefix}.{field}");
    let wire: InteractionWire = read(prefix, value)?;
    let session_id =
        envelope.session_id.clone().ok_or_else(|| FieldError::required(at("sessionId")))?;
    let device = wire.device();
    let mut interaction = Interaction {
        event_type: wire.event_type.ok_or_else(|| FieldError::required(at("eventType")))?,
        category: wire.category.ok_or_else(|| FieldError::required(at("category")))?,
        element_id: wire.element_id,
        selection_value: wire.selection_value,
        previous_value: wire.previous_value,
        time_spent_ms: wire.time_spent,
        device,
        total_price_cents: wire.total_price,
        price_change_cents: wire.price_change,
        interactive: wire.interactive.unwrap_or(true),
        additional_data: wire.additional_data,
    };
    seal_personal(cx, &session_id, &mut interaction)
        .map_err(|_| FieldError::new(at("additionalData"), "invalid", "cannot be kept safely"))?;
    event(cx, envelope, Some(session_id), index, Payload::Interaction(interaction))
}

/// Seals personal values: those under telling keys, and what was typed into telling fields.
fn seal_personal(
    cx: &Context,
    session_id: &SessionId,
    interaction: &mut Interaction,
) -> Result<(), crate::privacy::SealingFailure> {
    let session = session_id.as_str();
    if let Some(data) = interaction.additional_data.as_mut().and_then(Value::as_object_mut) {
        cx.app.sealer.seal_personal(session, data)?;
    }
    let typed = interaction.event_type == "input"
        && interaction.element_id.as_deref().is_some_and(is_personal_input);
    if typed {
        let typed = [&mut interaction.selection_value, &mut interaction.previous_value];
        for text in typed.into_iter().flatten() {
            *text = cx.app.sealer.seal(session, text)?;
        }
    }
    Ok(())
}

fn is_personal_input(element_id: &str) -> bool {
    is_personal(element_id) || element_id.ends_with("name") || element_id.ends_with("message")
}

/// An event with its identity and time.
pub(super) fn event(
    cx: &Context,
    envelope: &Envelope,
    session_id: Option<SessionId>,
    index: usize,
    payload: Payload,
) -> Result<Event, FieldError> {
    let client_id = envelope
        .client_event_id()
        .map_err(|error| FieldError::new("eventId", "invalid", error.to_string()))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|_| FieldError::new("eventId", "unavailable", "no id could be made"))?;
    let position = u16::try_from(index).unwrap_or(u16::MAX);
    let occurrence = envelope.occurrence(cx.now);
    Ok(Event {
        index,
        id: client_id.unwrap_or_else(|| EventId::from_server(cx.now, position, random)),
        id_source: if client_id.is_some() { IdSource::Client } else { IdSource::Server },
        session_id,
        tab_id: envelope.tab_id.clone(),
        seq: envelope.seq,
        occurred_at: occurrence.at,
        late: occurrence.late,
        visitor_id: envelope.visitor_id.clone(),
        payload,
    })
}

/// Refuses JSON that is larger than an event may be.
pub(super) fn check_size(value: &Value, field: &str) -> Result<(), FieldError> {
    let bytes = value.to_string().len();
    if bytes <= EVENT_BYTES_MAX {
        return Ok(());
    }
    let message = format!("{bytes} bytes; an event may have {EVENT_BYTES_MAX}");
    Err(FieldError::new(field, "too_long", message))
}

/// The envelope around a body, which must be an object.
pub(super) fn read_envelope(body: &Value) -> Result<Envelope, Problem> {
    if !body.is_object() {
        let error = FieldError::new("body", "invalid", "the body must be a JSON object");
        return Err(Problem::Malformed(vec![error]));
    }
    Envelope::read("", body).map_err(|error| {
        let present = body.get("eventId").is_some() || body.get("sentAt").is_some();
        if present {
            Problem::field(error)
        } else {
            Problem::legacy("Missing required fields", vec![error])
        }
    })
}

/// Refuses the only event of a request, and keeps the refusal for the ledger.
pub(super) async fn refuse_one(
    cx: &Context,
    envelope: &Envelope,
    body: &Value,
    legacy: &'static str,
    error: FieldError,
) -> Result<Response, Problem> {
    let incoming = Incoming {
        kind: Kind::Interactions,
        events: Vec::new(),
        rejections: vec![rejection(0, body, envelope, error.clone())],
        sequences: Vec::new(),
    };
    accept(cx, incoming).await?;
    Err(if envelope.is_present_protocol() {
        Problem::field(error)
    } else {
        Problem::legacy(legacy, vec![error])
    })
}

pub(super) fn rejection(
    index: usize,
    item: &Value,
    batch: &Envelope,
    error: FieldError,
) -> Rejection {
    let envelope = Envelope::read("", item).unwrap_or_default().within(batch);
    let mut payload = item.clone();
    redact_personal(&mut payload);
    Rejection {
        index,
        event_id: envelope.event_id,
        session_id: envelope.session_id,
        tab_id: envelope.tab_id,
        seq: envelope.seq,
        code: error.code.to_owned(),
        field: error.field,
        message: error.message,
        payload: payload.to_string().chars().take(REJECTED_PAYLOAD_CHARS).collect(),
    }
}

/// Takes personal values out of what is kept of a refused event.
fn redact_personal(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if is_personal(key) {
                    *value = Value::String("[redacted]".to_owned());
                } else {
                    redact_personal(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_personal),
        _ => {}
    }
}

fn field_error(rejection: &Rejection) -> FieldError {
    FieldError::new(rejection.field.clone(), "invalid", rejection.message.clone())
}

/// What the batch says about the numbering of its tab.
fn sequence_reports(batch: &Envelope, body: &Value) -> Result<Vec<SequenceReport>, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Report {
        emitted: Option<u32>,
        #[serde(default)]
        dropped_local: Option<std::collections::BTreeMap<String, u32>>,
    }
    let report: Report = read("", body).map_err(Problem::field)?;
    let (Some(session_id), Some(tab_id)) = (&batch.session_id, &batch.tab_id) else {
        return Ok(Vec::new());
    };
    if report.emitted.is_none() && report.dropped_local.is_none() {
        return Ok(Vec::new());
    }
    let dropped = report.dropped_local.unwrap_or_default();
    let known = dropped.into_iter().take(20).map(|(reason, count)| {
        (reason.replace('\0', "").chars().take(50).collect(), i64::from(count))
    });
    Ok(vec![SequenceReport {
        session_id: session_id.clone(),
        tab_id: tab_id.clone(),
        emitted: report.emitted.map_or(0, i64::from),
        dropped_local: known.collect(),
    }])
}

/// The answer: 202 with what became of each event, or 200 in the words of today's client.
pub(super) fn answer(
    cx: &Context,
    envelope: &Envelope,
    receipt: &Receipt,
    legacy: Value,
) -> Response {
    let token = receipt.token.as_ref();
    let mut response = if envelope.is_present_protocol() {
        (StatusCode::ACCEPTED, Json(accepted(cx, receipt))).into_response()
    } else {
        Json(legacy).into_response()
    };
    if let Some(token) = token {
        let cookie = session_token::cookie(&cx.app, &token.session_id, &token.token);
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
    }
    if let Some(work) = receipt.work {
        work.attach(&mut response);
    }
    response
}

fn accepted(cx: &Context, receipt: &Receipt) -> Accepted {
    let entry = &receipt.entry;
    let greatest = entry.events.iter().filter_map(|event| event.seq).max();
    let rejected = entry.rejections.iter().map(|rejection| RejectedItem {
        index: rejection.index,
        id: rejection.event_id.clone(),
        code: rejection.code.clone(),
        field: rejection.field.clone(),
        message: rejection.message.clone(),
    });
    Accepted {
        success: true,
        accepted: entry.events.len(),
        duplicate: entry.repeated.len(),
        rejected: rejected.collect(),
        server_time: cx.now,
        next_seq_hint: greatest.map(|seq| seq.get() + 1),
        session_token: receipt.token.as_ref().map(|token| token.token.clone()),
    }
}

/// The answer to a batch in the words of today's client, by session in order of appearance.
fn legacy_batch(total: usize, receipt: &Receipt) -> Value {
    let entry = &receipt.entry;
    let mut sessions: Map<String, Value> = Map::new();
    let mut note = |session: Option<&SessionId>, error: Option<&str>| {
        let id = session.map_or("", SessionId::as_str);
        let row = sessions
            .entry(id)
            .or_insert_with(|| json!({"sessionId": id, "eventsProcessed": 0, "success": true}));
        if let Some(error) = error {
            row["success"] = json!(false);
            row["error"] = json!(error);
        } else {
            let processed = row["eventsProcessed"].as_u64().unwrap_or(0) + 1;
            row["eventsProcessed"] = json!(processed);
        }
    };
    for event in &entry.events {
        note(event.session_id.as_ref(), None);
    }
    for rejection in &entry.rejections {
        note(rejection.session_id.as_ref(), Some(&rejection.message));
    }
    let failed = sessions.values().filter(|row| row["success"] == json!(false)).count();
    json!({
        "success": true,
        "message": "Batch processed successfully",
        "data": {
            "totalEvents": total,
            "eventsProcessed": entry.events.len(),
            "sessionsProcessed": sessions.len() - failed,
            "failedSessions": failed,
            "processingTime": 0,
            "results": sessions.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
        },
    })
}
