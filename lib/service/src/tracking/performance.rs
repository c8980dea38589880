//! Performance measurements in, one or a batch.

use axum::response::Response;
use nest_haus_domain::tracking::{Event, Kind, Metric, Payload};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::accept::{Incoming, accept};
use super::track::{
    Accepted, answer, batch_items, check_size, event, read_envelope, refuse_one, rejection,
};
use super::wire::{Envelope, bounded};
use crate::http::{Body, Context, FieldError, Problem, ProblemDocument, read};

/// A measurement.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MetricWire {
    /// `LCP`, `INP`, `CLS`, `price_calc_time`, ...
    #[serde(default, deserialize_with = "bounded::<_, 100>")]
    metric_name: Option<String>,
    /// The value in the metric's own unit.
    #[serde(default)]
    value: Option<f64>,
    /// The endpoint that was measured.
    #[serde(default, deserialize_with = "bounded::<_, 500>")]
    endpoint: Option<String>,
    /// Anything else.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    additional_data: Option<Value>,
}

/// Keeps a measurement, or a batch under `metrics`. The session may be left out.
#[utoipa::path(
    post, path = "/api/performance/track", tag = "tracking", request_body = MetricWire,
    responses(
        (status = 200, description = "Kept."),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 422, description = "Fields invalid.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_performance(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    let batch = read_envelope(&body)?;
    let items = match body.get("metrics") {
        None => std::slice::from_ref(&body),
        Some(items) => batch_items("metrics", items)?,
    };
    let is_batch = body.get("metrics").is_some();
    let mut incoming = Incoming {
        kind: Kind::Metrics,
        events: Vec::new(),
        rejections: Vec::new(),
        sequences: Vec::new(),
    };
    for (index, item) in items.iter().enumerate() {
        let prefix = if is_batch { format!("metrics[{index}]") } else { String::new() };
        match metric_event(&cx, &batch, item, &prefix, index) {
            Ok(event) => incoming.events.push(event),
            Err(error) if !is_batch => {
                let refusal = "Missing required fields: metricName, value";
                return refuse_one(&cx, &batch, &body, refusal, error).await;
            }
            Err(error) => incoming.rejections.push(rejection(index, item, &batch, error)),
        }
    }
    let (kept, failed) = (incoming.events.len(), incoming.rejections.len());
    let receipt = accept(&cx, incoming).await?;
    let timestamp = cx.now.timestamp_millis();
    let legacy = json!({
        "success": true, "accepted": kept, "rejected": failed, "timestamp": timestamp,
    });
    Ok(answer(&cx, &batch, &receipt, legacy))
}

fn metric_event(
    cx: &Context,
    batch: &Envelope,
    item: &Value,
    prefix: &str,
    index: usize,
) -> Result<Event, FieldError> {
    let at = |field: &str| {
        if prefix.is_empty() { field.to_owned() } else { format!("{prefix}.{field}") }
    };
    check_size(item, prefix)?;
    let envelope = Envelope::read(prefix, item)?.within(batch);
    let wire: MetricWire = read(prefix, item)?;
    let session_id = envelope.session_id.clone();
    let mut additional_data = wire.additional_data;
    if let Some(data) = additional_data.as_mut().and_then(Value::as_object_mut) {
        let session = session_id.as_ref().map_or("", |id| id.as_str());
        cx.app.sealer.seal_personal(session, data).map_err(|_| {
            FieldError::new(at("additionalData"), "invalid", "cannot be kept safely")
        })?;
    }
    let metric = Metric {
        name: wire.metric_name.ok_or_else(|| FieldError::required(at("metricName")))?,
        value: wire.value.ok_or_else(|| FieldError::required(at("value")))?,
        endpoint: wire.endpoint,
        additional_data,
    };
    event(cx, &envelope, session_id, index, Payload::Metric(metric))
}
