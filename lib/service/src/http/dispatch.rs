//! What happens around every handler: identity, time limit, panics, headers, limits, one log line.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::FutureExt;

use super::context::Caller;
use super::headers::{ANSWER_HEADERS, COMMON_HEADERS, resource_policy};
use super::limits;
use super::problem::Problem;
use crate::platform::App;

/// The one instant and the id of a request.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) now: DateTime<Utc>,
    pub(super) request_id: String,
}

impl Seen {
    pub(super) fn now(app: &App, headers: &HeaderMap) -> Self {
        let now = app.clock.now();
        let given = headers.get("x-vercel-id").and_then(|id| id.to_str().ok());
        let request_id = given.map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        Self { now, request_id }
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
    let started = Instant::now();
    let seen = Seen::now(&app, request.headers());
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_else(|| "(none)".to_owned());
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_job = path.starts_with("/api/cron/");
    let time_limit = if is_job { app.config.job_budget } else { app.config.request_timeout };
    request.extensions_mut().insert(seen.clone());

    let answer = if method == Method::OPTIONS && !path.starts_with("/api/admin/") {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(time_limit, handled).await {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => Problem::Internal(Panicked::of(&*panic).into()).into_response(),
            Err(_) => Problem::TimedOut.into_response(),
        }
    };
    let mut response = with_problem_body(answer, &seen.request_id);
    add_headers(response.headers_mut(), &app, &path, origin.as_ref(), &seen.request_id);
    tracing::info!(
        method = %method,
        path,
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_id = seen.request_id,
        "request"
    );
    response
}

/// A panic of a handler, caught so that the platform still gets an answer.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

impl Panicked {
    fn of(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        Self(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
    }
}

/// Writes the body of a refusal, and its cause into the log.
fn with_problem_body(response: Response, request_id: &str) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() else {
        return response;
    };
    if response.status().is_server_error() {
        let error = with_causes(&*problem);
        tracing::error!(request_id, error, "request failed");
    }
    let document = problem.document(request_id.to_owned());
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    let json = HeaderValue::from_static("application/problem+json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// An error with all its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn add_headers(
    headers: &mut HeaderMap,
    app: &App,
    path: &str,
    origin: Option<&HeaderValue>,
    request_id: &str,
) {
    let policy = ("cross-origin-resource-policy", resource_policy(path));
    for (name, value) in COMMON_HEADERS.into_iter().chain(ANSWER_HEADERS).chain([policy]) {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
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
        HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after, x-request-id"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, x-session-token"),
    );
}
