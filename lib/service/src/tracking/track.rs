//! Interactions in: one at a time, in batches, and today's selection event.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use nest_haus_domain::privacy::{is_personal, is_personal_input, redact};
use nest_haus_domain::tracking::{
    Event, EventId, IdSource, Interaction, Kind, Payload, Rejection, SequenceNumber,
    SequenceReport, SessionId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::accept::{Incoming, Receipt, accept};
use super::wire::{Envelope, InteractionWire, bounded, optional_euros};
use super::{controls, session_token};
use crate::http::{
    Body, Context, EVENT_BYTES_MAX, EVENTS_MAX, FieldError, Problem, ProblemDocument, add_limits,
    read,
};
use crate::platform::SealingFailure;

/// Characters of a refused event that are kept.
const REJECTED_PAYLOAD_CHARS: usize = 4000;

/// What a client says about its being a robot begins like this and is not kept: the server decides.
const VERDICT_PREFIX: &str = "__bot";
/// One interaction of a session, or a batch as for track-batch.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
enum TrackInteraction {
    /// One.
    One(Box<OneInteraction>),
    /// Several.
    Batch(Box<TrackBatch>),
}

/// One interaction of a session.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct OneInteraction {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
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
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<BatchEvent>,
    /// Events that the tab has numbered so far.
    emitted: Option<i64>,
    /// Events that the client gave up so far, by reason.
    #[schema(value_type = Option<BTreeMap<String, i64>>)]
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
    /// The share of events that the client should send from now on, by kind: `hover`, `scroll`, `clicks`,
    /// `selections`, `page_visits`, `other_interactions`, `configurations`, `performance`. All of a kind
    /// that is not named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<BTreeMap<String, f64>>)]
    sampling: BTreeMap<&'static str, f64>,
}

/// Answer to clients that do not name their events, in the words of the API before.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answers; each is written where its words are known")]
pub struct Kept {
    /// Always true.
    success: bool,
    /// When the request arrived, in milliseconds since 1970.
    timestamp: Option<i64>,
    /// For a person. `Not tracked` where consent forbids to keep anything of the request.
    message: Option<String>,
    /// Why nothing was kept: `consent_missing`, `consent_denied`, `tracking_off` or `tracking_paused`.
    reason: Option<String>,
    /// The session.
    session_id: Option<String>,
    /// The session's status from now on.
    status: Option<String>,
    /// The payment's reference, as sent.
    payment_intent_id: Option<String>,
    /// Whether the cart holds the concept check alone, as sent.
    is_ohne_nest_mode: Option<bool>,
    /// Measurements kept.
    accepted: Option<i64>,
    /// Measurements refused.
    rejected: Option<i64>,
    /// The interaction, or what became of a batch session by session.
    data: Option<KeptData>,
}

/// What was kept, in the words of the API before.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the answers; each is written where its words are known")]
enum KeptData {
    /// Of one interaction.
    Interaction(KeptInteraction),
    /// Of a batch.
    Batch(KeptBatch),
}

/// An interaction that was kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct KeptInteraction {
    /// The event's id.
    interaction_id: Uuid,
    /// The session.
    session_id: String,
    /// What was done.
    event_type: String,
    /// To what.
    category: String,
    /// Always 0.
    processing_time: i64,
    /// When the request arrived.
    timestamp: DateTime<Utc>,
}

/// What became of a batch.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct KeptBatch {
    /// Events in the request.
    total_events: usize,
    /// Events kept.
    events_processed: usize,
    /// Sessions of which every event was kept.
    sessions_processed: usize,
    /// The other sessions.
    failed_sessions: usize,
    /// Always 0.
    processing_time: i64,
    /// By session, in the order in which the request names them.
    results: Vec<KeptSession>,
}

/// What became of a session's events in a batch.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the answer, whose words are those of the API before")]
struct KeptSession {
    /// The session; empty where an event names none.
    session_id: String,
    /// Events kept.
    events_processed: u64,
    /// Whether every event was kept.
    success: bool,
    /// Why the last that was refused was.
    error: Option<String>,
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
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_interaction(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    if body.get("events").is_some() {
        return take_batch(&cx, &body, &INTERACTIONS).await;
    }
    let read = || {
        let outer = Envelope::read("", &body)?;
        let interaction = body.get("interaction").filter(|value| value.is_object());
        let interaction = interaction.ok_or_else(|| FieldError::required("interaction"))?;
        let envelope = nested_or(Envelope::read("interaction", interaction)?, &outer);
        if envelope.session_id.is_none() {
            return Err(FieldError::required("sessionId"));
        }
        interaction_event(&cx, &envelope, interaction, "interaction", 0)
    };
    must_be_object(&body)?;
    match read() {
        Ok(event) => take_one(&cx, &body, event).await,
        Err(error) => {
            let missing_around = ["sessionId", "interaction"].contains(&error.field.as_str());
            let words = if missing_around {
                "Missing required fields: sessionId, interaction"
            } else {
                "Missing required interaction fields: eventType, category"
            };
            refuse_one(&cx, Kind::Interactions, &body, words, error).await
        }
    }
}

/// Keeps a batch of interactions, each on its own: a bad one does not take the others with it.
#[utoipa::path(
    post, path = "/api/sessions/track-batch", tag = "tracking",
    request_body = TrackBatch,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; refused events are listed.", body = Accepted),
        (status = 422, description = "Every event invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_batch(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    take_batch(&cx, &body, &INTERACTIONS).await
}

/// Today's selection event.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TrackSelection {
    /// The category that an option was chosen in.
    #[serde(default, deserialize_with = "bounded::<_, 200>")]
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    category: Option<String>,
    /// The option.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    #[schema(required, value_type = String, min_length = 1, max_length = 4000)]
    selection: Option<String>,
    /// The option before.
    #[serde(default, deserialize_with = "bounded::<_, 4000>")]
    #[schema(max_length = 4000)]
    previous_selection: Option<String>,
    /// Euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    price_change: Option<i64>,
    /// Euros.
    #[serde(default, deserialize_with = "optional_euros")]
    #[schema(value_type = Option<f64>, minimum = -1_000_000_000, maximum = 1_000_000_000)]
    total_price: Option<i64>,
}

/// A choice of an option with what stands around an event.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct SelectionBody {
    #[serde(flatten)]
    envelope: Envelope,
    /// The session.
    #[serde(rename = "sessionId")]
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,128}$")]
    session_id: String,
    #[serde(flatten)]
    selection: TrackSelection,
}

/// Keeps a choice of an option.
#[utoipa::path(
    post, path = "/api/sessions/track", tag = "tracking",
    request_body = SelectionBody,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_selection(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    must_be_object(&body)?;
    let event =
        Envelope::read("", &body).and_then(|envelope| selection_event(&cx, &envelope, &body));
    match event {
        Ok(event) => {
            let receipt = accept(&cx, Incoming::one(Kind::Interactions, event)).await?;
            let legacy = json!({"success": true, "timestamp": cx.now.timestamp_millis()});
            Ok(answer(&cx, is_present_protocol(&body), &receipt, legacy))
        }
        Err(error) => {
            refuse_one(&cx, Kind::Interactions, &body, "Missing required fields", error).await
        }
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

async fn take_one(cx: &Context, body: &Value, event: Event) -> Result<Response, Problem> {
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
    Ok(answer(cx, is_present_protocol(body), &receipt, legacy))
}

/// How events of a kind are sent in batches.
pub(super) struct BatchForm {
    /// The stream for them.
    pub(super) kind: Kind,
    /// The field that lists them.
    pub(super) field: &'static str,
    /// Reads one, given the envelope around all, its path and its position.
    pub(super) read: fn(&Context, &Envelope, &Value, &str, usize) -> Result<Event, FieldError>,
    /// The answer in the words of today's client.
    pub(super) legacy: fn(&Context, &Receipt) -> Value,
}

const INTERACTIONS: BatchForm = BatchForm {
    kind: Kind::Interactions,
    field: "events",
    read: batch_event,
    legacy: legacy_batch,
};

/// Keeps a batch, each event on its own.
pub(super) async fn take_batch(
    cx: &Context,
    body: &Value,
    form: &BatchForm,
) -> Result<Response, Problem> {
    must_be_object(body)?;
    let items = batch_items(form.field, body.get(form.field).unwrap_or(&Value::Null))?;
    let batch = Envelope::read("", body).map_err(Problem::field)?;
    let mut incoming = Incoming {
        kind: form.kind,
        events: Vec::with_capacity(items.len()),
        rejections: Vec::new(),
        sequences: sequence_report(&batch, body),
    };
    for (index, item) in items.iter().enumerate() {
        let path = format!("{}[{index}]", form.field);
        match check_size(item, &path).and_then(|()| (form.read)(cx, &batch, item, &path, index)) {
            Ok(event) => incoming.events.push(event),
            Err(error) => incoming.rejections.push(rejection(index, item, body, error)),
        }
    }
    let present = is_present_protocol(body) || items.iter().any(is_present_protocol);
    let all_invalid = incoming.events.is_empty();
    let errors = incoming.rejections.iter().map(field_error).collect();
    let receipt = accept(cx, incoming).await?;
    if all_invalid && present {
        return Err(Problem::Invalid(errors));
    }
    Ok(answer(cx, present, &receipt, (form.legacy)(cx, &receipt)))
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
    path: &str,
    index: usize,
) -> Result<Event, FieldError> {
    let envelope = Envelope::read(path, item)?;
    match item.get("interaction") {
        Some(nested) => {
            let path = format!("{path}.interaction");
            let envelope = nested_or(Envelope::read(&path, nested)?, &envelope).within(batch);
            interaction_event(cx, &envelope, nested, &path, index)
        }
        None => interaction_event(cx, &envelope.within(batch), item, path, index),
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
    let mut additional_data = wire.additional_data;
    if let Some(Value::Object(data)) = &mut additional_data {
        data.retain(|key, _| !key.starts_with(VERDICT_PREFIX));
    }
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
        additional_data,
    };
    seal_personal(cx, &session_id, &mut interaction)
        .map_err(|_| FieldError::new(at("additionalData"), "invalid", "cannot be kept safely"))?;
    event(cx, envelope, Some(session_id), index, Payload::Interaction(interaction))
        .map_err(|error| error.below(prefix))
}

/// Seals personal values: those under telling keys, and what was typed into telling fields.
fn seal_personal(
    cx: &Context,
    session_id: &SessionId,
    interaction: &mut Interaction,
) -> Result<(), SealingFailure> {
    let session = session_id.as_str();
    if let Some(data) = &mut interaction.additional_data {
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

/// An event with its identity and time.
pub(super) fn event(
    cx: &Context,
    envelope: &Envelope,
    session_id: Option<SessionId>,
    index: usize,
    payload: Payload,
) -> Result<Event, FieldError> {
    let client_id = envelope.client_event_id()?;
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

/// Refuses a body that is no object.
pub(super) fn must_be_object(body: &Value) -> Result<(), Problem> {
    if body.is_object() {
        return Ok(());
    }
    let error = FieldError::new("body", "invalid", "the body must be a JSON object");
    Err(Problem::Malformed(vec![error]))
}

/// Whether the sender speaks the present protocol: it names its events or says when it sends.
pub(super) fn is_present_protocol(item: &Value) -> bool {
    let names = |item: &Value| item.get("eventId").is_some() || item.get("sentAt").is_some();
    names(item) || item.get("interaction").is_some_and(names)
}

/// Refuses the only event of a request, and keeps the refusal for the ledger.
pub(super) async fn refuse_one(
    cx: &Context,
    kind: Kind,
    body: &Value,
    legacy: &'static str,
    error: FieldError,
) -> Result<Response, Problem> {
    let incoming = Incoming {
        kind,
        events: Vec::new(),
        rejections: vec![rejection(0, body, &Value::Null, error.clone())],
        sequences: Vec::new(),
    };
    accept(cx, incoming).await?;
    Err(if is_present_protocol(body) {
        Problem::field(error)
    } else {
        Problem::legacy(legacy, vec![error])
    })
}

/// A refused event, with as much of its identity as can be read: inside the interaction, beside it,
/// or around the batch.
fn rejection(index: usize, item: &Value, batch: &Value, error: FieldError) -> Rejection {
    let places = [item.get("interaction").unwrap_or(&Value::Null), item, batch];
    let texts = |field: &str| {
        let found = places.iter().filter_map(|place| place.get(field)?.as_str());
        found.map(str::to_owned).collect::<Vec<_>>()
    };
    let seq = places.iter().find_map(|place| place.get("seq")?.as_i64());
    let mut payload = item.clone();
    redact(&mut payload);
    let personal =
        error.field.rsplit('.').next().is_some_and(is_personal) || error.field.contains("userData");
    Rejection {
        index,
        event_id: texts("eventId")
            .first()
            .map(|id| id.chars().take(EventId::TEXT_BYTES_MAX).collect()),
        session_id: texts("sessionId").into_iter().find_map(|id| id.try_into().ok()),
        tab_id: texts("tabId").into_iter().find_map(|id| id.try_into().ok()),
        seq: seq.and_then(|seq| seq.try_into().ok()),
        code: error.code.to_owned(),
        field: error.field,
        message: if personal { "invalid".to_owned() } else { error.message },
        payload: payload.to_string().chars().take(REJECTED_PAYLOAD_CHARS).collect(),
    }
}

/// What the sender is told about a refused event.
fn field_error(rejection: &Rejection) -> FieldError {
    FieldError::new(rejection.field.clone(), "invalid", rejection.message.clone())
}

/// What the batch says about the numbering of its tab. A report that cannot be read is left out: the
/// events matter more, and the next batch reports again.
fn sequence_report(batch: &Envelope, body: &Value) -> Vec<SequenceReport> {
    const REASONS_MAX: usize = 20;
    const REASON_CHARS_MAX: usize = 50;
    let count = |value: &Value| value.as_i64().filter(|n| (0..=SequenceNumber::MAX).contains(n));
    let (Some(session_id), Some(tab_id)) = (&batch.session_id, &batch.tab_id) else {
        return Vec::new();
    };
    let emitted = body.get("emitted").and_then(count);
    let dropped = body.get("droppedLocal").and_then(Value::as_object);
    if emitted.is_none() && dropped.is_none() {
        return Vec::new();
    }
    let known = dropped.into_iter().flatten().take(REASONS_MAX);
    let known = known.filter_map(|(reason, value)| {
        Some((reason.chars().take(REASON_CHARS_MAX).collect(), count(value)?))
    });
    vec![SequenceReport {
        session_id: session_id.clone(),
        tab_id: tab_id.clone(),
        emitted: emitted.unwrap_or(0),
        dropped_local: known.collect(),
    }]
}

/// The answer: 202 with what became of each event, or 200 in the words of today's client, which are
/// honest about an event that was refused for want of consent or because nobody wants it at present.
pub(super) fn answer(
    cx: &Context,
    present: bool,
    receipt: &Receipt,
    mut legacy: Value,
) -> Response {
    let token = receipt.token.as_ref();
    let not_tracked = |rejection: &&Rejection| {
        ["consent_", "tracking_"].iter().any(|reason| rejection.code.starts_with(reason))
    };
    let nothing_kept = receipt.entry.events.is_empty();
    let refused = receipt.entry.rejections.iter().find(not_tracked).filter(|_| nothing_kept);
    if let (Some(refused), Some(legacy)) = (refused, legacy.as_object_mut()) {
        legacy.remove("data");
        legacy.insert("message".to_owned(), json!("Not tracked"));
        legacy.insert("reason".to_owned(), json!(refused.code));
    }
    let mut response = if present {
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
    add_limits(response.headers_mut(), &receipt.limits);
    if let Some(until) = receipt.controls.paused_until.filter(|until| *until > cx.now) {
        let seconds = (until - cx.now).num_seconds().max(1);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(work) = receipt.work.clone() {
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
        sampling: controls::sampling(&receipt.controls, cx.now),
    }
}

/// The answer to a batch in the words of today's client, by session in order of appearance.
fn legacy_batch(_: &Context, receipt: &Receipt) -> Value {
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
            "totalEvents": entry.received(),
            "eventsProcessed": entry.events.len(),
            "sessionsProcessed": sessions.len() - failed,
            "failedSessions": failed,
            "processingTime": 0,
            "results": sessions.into_iter().map(|(_, row)| row).collect::<Vec<_>>(),
        },
    })
}
