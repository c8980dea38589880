//! Spans of requests, exported by OTLP over HTTP in protobuf (OpenTelemetry protocol 1.x, traces alone):
//! one a request with what it cost, and one for each of its slow operations. Only in builds with the feature
//! `otlp`.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nest_haus_domain::monitoring::{Metric, SlowOperation, SpanId, TraceContext};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, TracesData};
use prost::Message;
use reqwest::Url;

use super::config::{Config, ConfigError};
use super::measure::Measure;
use super::outbound::Outbound;
use super::trace::span_id;

/// Time that a collector gets.
const SEND_TIMEOUT: Duration = Duration::from_secs(2);

/// Spans that wait to be sent; further ones are left out.
const WAITING_MAX: usize = 1000;

/// A request that was answered.
pub struct Answered<'a> {
    /// The span of its caller.
    pub parent: Option<SpanId>,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
    /// What it is and cost.
    pub measure: &'a Measure,
}

/// Exports spans, after answers.
pub struct Spans {
    url: Option<Url>,
    resource: Vec<KeyValue>,
    waiting: Mutex<Vec<Span>>,
    outbound: Outbound,
}

impl Spans {
    /// Reads the address. A wrong one is named in the log and stops nothing.
    pub(super) fn new(config: &Config) -> Self {
        let url = config.otlp_endpoint.as_deref().map(traces_url).transpose();
        let url = url.inspect_err(|error| tracing::error!(%error, "no spans are exported"));
        Self {
            url: url.ok().flatten(),
            resource: vec![
                text("service.name", "nest-haus"),
                text("service.version", &config.release),
                text("deployment.environment.name", config.environment.as_str()),
            ],
            waiting: Mutex::default(),
            outbound: Outbound::new(SEND_TIMEOUT),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Span>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, to be exported with others. Traces that their caller does not record are left out.
    pub fn note(&self, answered: &Answered<'_>) {
        if self.url.is_some() && answered.measure.trace.sampled {
            let spans = spans(answered);
            let mut waiting = self.waiting();
            let room = WAITING_MAX.saturating_sub(waiting.len());
            waiting.extend(spans.into_iter().take(room));
        }
    }

    /// Sends what waits. What the collector does not take is given up.
    pub async fn send(&self) {
        let Some(url) = self.url.clone() else { return };
        let spans = take(&mut *self.waiting());
        let Some(client) = self.outbound.client().filter(|_| !spans.is_empty()) else { return };
        let scope = InstrumentationScope { name: "nest-haus".to_owned(), ..Default::default() };
        let resource = Resource { attributes: self.resource.clone(), ..Default::default() };
        let of_scope = ScopeSpans { scope: Some(scope), spans, ..Default::default() };
        let of_resource = ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![of_scope],
            ..Default::default()
        };
        let body = TracesData { resource_spans: vec![of_resource] }.encode_to_vec();
        let request = client.post(url).header("content-type", "application/x-protobuf").body(body);
        let sent = request.send().await.and_then(reqwest::Response::error_for_status);
        if let Err(error) = sent {
            tracing::warn!(error = %error.without_url(), "spans were not exported");
        }
    }
}

/// Where traces go, by the rule of OpenTelemetry for an address that serves all signals.
fn traces_url(endpoint: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(&format!("{}/v1/traces", endpoint.trim_end_matches('/')));
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or(ConfigError::Invalid {
        variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
        allowed: "the address of a collector, https://host:4318",
    })
}

/// The span of a request, and those of its slow operations. Names are those of OpenTelemetry's semantic
/// conventions where it has some.
fn spans(answered: &Answered<'_>) -> Vec<Span> {
    let Answered { parent, status, took, measure } = answered;
    let (trace, costs) = (measure.trace, measure.costs());
    let (method, route) = measure.endpoint.split_once(' ').unwrap_or_default();
    let failed = *status >= 500;
    let whole = Span {
        parent_span_id: parent.map(|id| id.0.to_vec()).unwrap_or_default(),
        span_id: trace.span_id.0.to_vec(),
        name: measure.endpoint.clone(),
        kind: SpanKind::Server.into(),
        attributes: vec![
            text("http.request.method", method),
            text("http.route", route),
            number("http.response.status_code", i64::from(*status)),
            text("nest_haus.request_id", measure.request_id()),
            number("nest_haus.database.queries", costs.queries.count()),
            duration("nest_haus.database.ms", costs.queries.sum_ms),
            number("nest_haus.redis.operations", costs.redis.count()),
            duration("nest_haus.redis.ms", costs.redis.sum_ms),
        ],
        status: failed.then(|| Status { code: StatusCode::Error.into(), ..Default::default() }),
        ..lasting(trace, measure.at, *took)
    };
    let slow = costs.slow.iter().map(|slow| operation(trace, slow));
    std::iter::once(whole).chain(slow).collect()
}

fn operation(trace: TraceContext, slow: &SlowOperation) -> Span {
    let system = if slow.metric == Metric::RedisOperationTime { "redis" } else { "postgresql" };
    let took = Duration::from_secs_f64(slow.duration_ms / 1e3);
    let begun = slow.at - TimeDelta::from_std(took).unwrap_or_default();
    let statement = slow.statement.as_deref().map(|statement| text("db.query.text", statement));
    let known = [text("db.system.name", system), text("db.query.summary", &slow.name)];
    Span {
        parent_span_id: trace.span_id.0.to_vec(),
        span_id: span_id().0.to_vec(),
        name: slow.name.clone(),
        kind: SpanKind::Client.into(),
        attributes: known.into_iter().chain(statement).collect(),
        ..lasting(trace, begun, took)
    }
}

/// A span without anything but its trace and its time.
fn lasting(trace: TraceContext, begun: DateTime<Utc>, took: Duration) -> Span {
    let begun =
        begun.timestamp_nanos_opt().and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or(0);
    Span {
        trace_id: trace.trace_id.0.to_vec(),
        start_time_unix_nano: begun,
        end_time_unix_nano: begun.saturating_add(u64::try_from(took.as_nanos()).unwrap_or(0)),
        ..Default::default()
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..Default::default() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn duration(key: &str, value: f64) -> KeyValue {
    attribute(key, Value::DoubleValue(value))
}
