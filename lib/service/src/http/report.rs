//! Failures of ours: the whole of their causes into the log, and what is our own of it to Sentry.

use std::error::Error;

use axum::http::HeaderMap;

use super::dispatch::Seen;
use super::problem::Problem;
use crate::platform::{App, Failure, RedisFailure, last_panic};

/// A panic of a handler or a job, caught so that the platform still gets an answer. Told by its place: what it says
/// may repeat what a visitor sent.
#[derive(Debug, thiserror::Error)]
#[error("a panic at {}", place.as_deref().unwrap_or("an unknown place"))]
pub struct Panicked {
    place: Option<String>,
}

impl Panicked {
    /// The panic that this thread just caught.
    #[must_use]
    pub fn caught() -> Self {
        Self { place: last_panic() }
    }
}

/// Reports a problem of work that nobody waits for, if it is a failure of ours.
pub fn report_after_answer(app: &App, problem: &Problem, endpoint: &str) {
    if problem.kind().0.is_server_error() {
        report(app, problem, endpoint, &Seen::now(app, &HeaderMap::new()));
    }
}

/// Reports a problem that is a failure of ours.
pub(super) fn report(app: &App, problem: &Problem, endpoint: &str, seen: &Seen) {
    let (request_id, trace_id) = (&seen.request_id, seen.trace.trace_id);
    let error = with_causes(problem);
    tracing::error!(request_id, %trace_id, error, "request failed");
    app.sentry.note(Failure {
        code: problem.code(),
        sentence: problem.to_string(),
        cause: causes(problem).find_map(own_words),
        endpoint: endpoint.to_owned(),
        request_id: request_id.clone(),
        trace: seen.trace,
        at: seen.now,
    });
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

/// An error with all its causes, for the log.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    causes(error).fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// A cause by what is ours of it: a code, a constraint, a place. What databases and libraries say may
/// repeat what a visitor sent.
fn own_words(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(panicked) = cause.downcast_ref::<Panicked>() {
        return Some(panicked.to_string());
    }
    if let Some(failure) = cause.downcast_ref::<RedisFailure>() {
        return Some(failure.to_string());
    }
    match cause.downcast_ref::<sqlx::Error>()? {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let constraint = error.constraint().map(|name| format!(", constraint {name}"));
            Some(format!("SQLSTATE {code}{}", constraint.unwrap_or_default()))
        }
        sqlx::Error::PoolTimedOut => Some("no connection to the database in time".to_owned()),
        sqlx::Error::Io(error) => Some(format!("the database: {}", error.kind())),
        _ => Some("the database".to_owned()),
    }
}
