//! Performance measurements in, one or a batch.

use axum::response::Response;
use nest_haus_domain::tracking::{Event, Kind, Metric, Payload};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::accept::{Incoming, Receipt, accept};
use super::track::{
    Accepted, BatchForm, Kept, answer, check_size, event, is_present_protocol, must_be_object,
    refuse_one, take_batch,
};
use super::wire::{Envelope, bounded};
use crate::http::{Body, Context, FieldError, FreeObject, Problem, ProblemDocument, read};

/// Greatest value, either way, so that sums and their squares stay within what a number can be.
const VALUE_MAX: f64 = 1e15;

/// A measurement.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MetricWire {
    /// `LCP`, `INP`, `CLS`, `price_calc_time`, ...
    #[serde(default, deserialize_with = "bounded::<_, 100>")]
    #[schema(required, value_type = String, min_length = 1, max_length = 100)]
    metric_name: Option<String>,
    /// The value in the metric's own unit.
    #[serde(default)]
    #[schema(required, value_type = f64, minimum = -1_000_000_000_000_000_i64, maximum = 1_000_000_000_000_000_i64)]
    value: Option<f64>,
    /// The endpoint that was measured.
    #[serde(default, deserialize_with = "bounded::<_, 500>")]
    #[schema(max_length = 500)]
    endpoint: Option<String>,
    /// Anything else.
    #[serde(default)]
    #[schema(value_type = Option<FreeObject>)]
    additional_data: Option<Value>,
}

/// A measurement, or a batch of them.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
enum PerformanceBody {
    /// One.
    One(Measurement),
    /// Several.
    Batch(MeasurementBatch),
}

/// A measurement with what stands around an event.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct Measurement {
    #[serde(flatten)]
    envelope: Envelope,
    #[serde(flatten)]
    metric: MetricWire,
}

/// Several measurements, of one session or of none.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read in two steps")]
struct MeasurementBatch {
    /// What stands here holds for every measurement that does not say otherwise.
    #[serde(flatten)]
    envelope: Envelope,
    /// Up to 100 measurements.
    #[schema(min_items = 1, max_items = 100)]
    metrics: Vec<MetricWire>,
}

/// Keeps a measurement, or a batch under `metrics`. The session may be left out.
#[utoipa::path(
    post, path = "/api/performance/track", tag = "tracking", request_body = PerformanceBody,
    responses(
        (status = 200, description = "Kept; answer to clients that do not name their events.", body = Kept),
        (status = 202, description = "Kept; answer to clients that name their events.", body = Accepted),
        (status = 400, description = "Not readable, or fields missing.", body = ProblemDocument),
        (status = 503, description = "Nothing was kept; send again later.", body = ProblemDocument),
    )
)]
pub async fn track_performance(cx: Context, Body(body): Body) -> Result<Response, Problem> {
    if body.get("metrics").is_some() {
        return take_batch(&cx, &body, &METRICS).await;
    }
    must_be_object(&body)?;
    let read = check_size(&body, "body")
        .and_then(|()| metric_event(&cx, &Envelope::default(), &body, "", 0));
    match read {
        Ok(event) => {
            let receipt = accept(&cx, Incoming::one(Kind::Metrics, event)).await?;
            Ok(answer(&cx, is_present_protocol(&body), &receipt, legacy(&cx, &receipt)))
        }
        Err(error) => {
            let words = "Missing required fields: metricName, value";
            refuse_one(&cx, Kind::Metrics, &body, words, error).await
        }
    }
}

const METRICS: BatchForm =
    BatchForm { kind: Kind::Metrics, field: "metrics", read: metric_event, legacy };

fn legacy(cx: &Context, receipt: &Receipt) -> Value {
    json!({
        "success": true,
        "accepted": receipt.entry.events.len(),
        "rejected": receipt.entry.rejections.len(),
        "timestamp": cx.now.timestamp_millis(),
    })
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
    let envelope = Envelope::read(prefix, item)?.within(batch);
    let wire: MetricWire = read(prefix, item)?;
    let session_id = envelope.session_id.clone();
    let mut additional_data = wire.additional_data;
    if let Some(data) = &mut additional_data {
        let session = session_id.as_ref().map_or("", |id| id.as_str());
        cx.app.sealer.seal_personal(session, data).map_err(|_| {
            FieldError::new(at("additionalData"), "invalid", "cannot be kept safely")
        })?;
    }
    let value = wire.value.ok_or_else(|| FieldError::required(at("value")))?;
    if value.abs() > VALUE_MAX {
        let message = format!("must be from -{VALUE_MAX:e} to {VALUE_MAX:e}");
        return Err(FieldError::new(at("value"), "invalid", message));
    }
    let metric = Metric {
        name: wire.metric_name.ok_or_else(|| FieldError::required(at("metricName")))?,
        value,
        endpoint: wire.endpoint,
        additional_data,
    };
    event(cx, &envelope, session_id, index, Payload::Metric(metric))
        .map_err(|error| error.below(prefix))
}
