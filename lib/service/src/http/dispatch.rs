//! What happens around every handler: identity, time limit, panics, headers, limits, measuring, one log
//! line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::FutureExt;
use nest_haus_domain::monitoring::{SpanId, TraceContext};

use super::context::Caller;
use super::headers::{ANSWER_HEADERS, COMMON_HEADERS, resource_policy};
use super::limits;
use super::problem::Problem;
use super::report::{Panicked, report};
#[cfg(feature = "otlp")]
use crate::platform::Answered;
use crate::platform::{App, Measure, own_span};

/// Longest id of a request that is taken from the platform.
const REQUEST_ID_CHARS_MAX: usize = 100;

/// The one instant, the id and the trace of a request.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) now: DateTime<Utc>,
    pub(super) request_id: String,
    /// The trace, and our own span in it.
    pub(super) trace: TraceContext,
    /// The span of the caller.
    pub(super) parent: Option<SpanId>,
}

impl Seen {
    pub(super) fn now(app: &App, headers: &HeaderMap) -> Self {
        let now = app.clock.now();
        let given = headers.get("x-vercel-id").and_then(|id| id.to_str().ok());
        let given = given.filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_CHARS_MAX);
        let request_id = given.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let caller = caller_trace(headers);
        Self {
            now,
            request_id,
            trace: own_span(caller),
            parent: caller.map(|caller| caller.span_id),
        }
    }
}

/// The trace of the caller; of several headers none counts.
fn caller_trace(headers: &HeaderMap) -> Option<TraceContext> {
    let mut given = headers.get_all("traceparent").iter();
    match (given.next(), given.next()) {
        (Some(header), None) => TraceContext::parse(header.to_str().ok()?),
        _ => None,
    }
}

/// Puts everything that surrounds a handler around routes.
pub fn around(routes: Router<App>, app: &App) -> Router {
    routes
        .fallback(|| async { Problem::NotFound("endpoint") })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), dispatch))
        .with_state(app.clone())
}

/// Limits how often an address asks. Tracking counts inside its own round trip, and the
/// platform's cron is not limited, so neither has this layer.
pub async fn within_rate_limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts, &app);
    let limit = match limits::check_rate(&app, &caller.address_key).await {
        Ok(limit) => limit,
        Err(problem) => return problem.into_response(),
    };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    limits::add_limits(response.headers_mut(), limit.as_slice());
    response
}

async fn dispatch(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let seen = Seen::now(&app, request.headers());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_else(|| "(none)".to_owned());
    let endpoint = format!("{} {path}", method_name(&method));
    let measure = Measure::begin(endpoint, seen.request_id.clone(), seen.trace, seen.now);
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_job = path.starts_with("/api/cron/");
    let time_limit = if is_job { app.config.job_budget } else { app.config.request_timeout };
    request.extensions_mut().insert(seen.clone());

    let is_preflight = method == Method::OPTIONS && !path.starts_with("/api/admin/");
    let answer = if is_preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let handled = AssertUnwindSafe(measure.around(next.run(request))).catch_unwind();
        match tokio::time::timeout(time_limit, handled).await {
            Ok(Ok(response)) => response,
            Ok(Err(_panic)) => Problem::Internal(Panicked::caught().into()).into_response(),
            Err(_) => Problem::TimedOut.into_response(),
        }
    };
    let mut response = with_problem_body(answer, &app, &measure.endpoint, &seen);
    add_headers(response.headers_mut(), &app, &path, origin.as_ref(), &seen);
    let took = measure.elapsed();
    log(&measure, (&method, &path), &response, &seen);
    if !is_preflight {
        app.recorder.note_request(&measure, response.status().as_u16(), took);
        #[cfg(feature = "otlp")]
        app.spans.note(&Answered {
            parent: seen.parent,
            status: response.status().as_u16(),
            took,
            measure: &measure,
        });
    }
    response
}

/// A method as recordings name it: whoever asks may make up others.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The one line of a request.
fn log(measure: &Measure, (method, path): (&Method, &str), response: &Response, seen: &Seen) {
    let costs = measure.costs();
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        method = method_name(method),
        path,
        status = response.status().as_u16(),
        duration_ms = millis(measure.elapsed()),
        database_queries = costs.queries.count(),
        database_ms = costs.queries.sum_ms,
        redis_operations = costs.redis.count(),
        redis_ms = costs.redis.sum_ms,
        request_id = seen.request_id,
        trace_id = %seen.trace.trace_id,
        span_id = %seen.trace.span_id,
        parent_span_id = seen.parent.map(tracing::field::display),
        "request"
    );
}

/// Writes the body of a refusal, and reports those that are failures of ours.
fn with_problem_body(response: Response, app: &App, endpoint: &str, seen: &Seen) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() else {
        return response;
    };
    if response.status().is_server_error() {
        report(app, &problem, endpoint, seen);
    }
    let document = problem.document(seen.request_id.clone());
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    let json = HeaderValue::from_static("application/problem+json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

fn add_headers(
    headers: &mut HeaderMap,
    app: &App,
    path: &str,
    origin: Option<&HeaderValue>,
    seen: &Seen,
) {
    let policy = ("cross-origin-resource-policy", resource_policy(path));
    for (name, value) in COMMON_HEADERS.into_iter().chain(ANSWER_HEADERS).chain([policy]) {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in
        [("x-request-id", seen.request_id.clone()), ("traceparent", seen.trace.to_string())]
    {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if !path.starts_with("/api/admin/") && !path.starts_with("/api/cron/") {
        add_cors(headers, app, origin);
    }
}

/// All origins without credentials by default; the configured ones with credentials.
fn add_cors(headers: &mut HeaderMap, app: &App, origin: Option<&HeaderValue>) {
    let allowed = &app.config.cors_allowed_origins;
    if allowed.is_empty() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| {
            origin.to_str().is_ok_and(|origin| allowed.iter().any(|allowed| allowed == origin))
        }) else {
            return;
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "ratelimit, ratelimit-policy, retry-after, traceparent, x-request-id",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, traceparent, x-session-token"),
    );
}
