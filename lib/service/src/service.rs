//! A router as hosts call it: a request in; an answer, and work for afterwards, out.
//!
//! The futures are boxed here, so that hyper, axum and sqlx are instantiated in this crate once
//! and not in every function binary.

use std::pin::Pin;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::{Json, Router};
use nest_haus_domain::monitoring::TraceContext;
use tower::ServiceExt;

use crate::endpoints::{self, Endpoint};
use crate::http::Problem;
use crate::jobs;
use crate::monitoring::flush;
use crate::platform::{
    App, Clock, Config, ConfigError, Environment, Measure, own_span, process_var, start_telemetry,
};
use crate::tracking::controls;
use crate::work::Work;

/// A boxed future.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An answer, and what to do once it is sent.
pub struct Answer {
    /// The answer.
    pub response: Response,
    /// Work for afterwards.
    pub after: Option<BoxFuture<()>>,
}

/// Serves some endpoints.
#[derive(Clone)]
pub struct Service {
    router: Router,
    app: Option<App>,
}

impl Service {
    /// A service over an app.
    #[must_use]
    pub fn new(endpoints: &[Endpoint], app: App) -> Self {
        Self { router: endpoints::router(endpoints, &app), app: Some(app) }
    }

    /// A service configured by the variables of this process. If they cannot be used, every request
    /// is answered with a failure, and the log says why: a function must not die while starting.
    #[must_use]
    pub fn from_process_vars(endpoints: &[Endpoint]) -> Self {
        match Config::from_vars(&process_var).and_then(|config| {
            start_telemetry(config.environment, process_var("RUST_LOG").as_deref());
            App::new(config, Clock::system())
        }) {
            Ok(app) => Self::new(endpoints, app),
            Err(error) => Self::misconfigured(&error),
        }
    }

    fn misconfigured(error: &ConfigError) -> Self {
        start_telemetry(Environment::Production, None);
        tracing::error!(%error, "the configuration cannot be used");
        let answer = || async {
            let problem = Problem::Internal(Box::from("misconfigured")).document(String::new());
            let json = [(header::CONTENT_TYPE, "application/problem+json")];
            (StatusCode::INTERNAL_SERVER_ERROR, json, Json(problem))
        };
        Self { router: Router::new().fallback(answer), app: None }
    }

    /// Answers a request.
    #[must_use]
    pub fn call(&self, request: Request) -> BoxFuture<Answer> {
        let Self { router, app } = self.clone();
        Box::pin(async move {
            let mut response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let work = Work::detach(&mut response);
            let after = app.and_then(|app| after(app, work, &response));
            Answer { response, after }
        })
    }
}

/// What is to be done after an answer: its own work; holding back where the system is slow; failures to
/// be told; and now and then overdue jobs and the recordings of the process.
fn after(app: App, work: Option<Work>, response: &Response) -> Option<BoxFuture<()>> {
    let now = app.clock.now();
    let (pause, looks) = (controls::should_pause(&app), jobs::is_time_to_look(&app));
    let (tells, flushes) = (app.sentry.has_waiting(), app.recorder.takes_turn(now));
    if work.is_none() && pause.is_none() && !(looks || tells || flushes) {
        return None;
    }
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let request_id = header("x-request-id").unwrap_or_default().to_owned();
    let request = header("traceparent").and_then(TraceContext::parse);
    let measure = move |name: &str| {
        Measure::begin(format!("WORK {name}"), request_id.clone(), own_span(request), now)
    };
    Some(Box::pin(async move {
        if let Some(until) = pause {
            controls::pause(&app, until).await;
        }
        if let Some(work) = work {
            let measure = measure(work.name());
            measure.around(work.run(&app)).await;
            app.recorder.note_work(&measure);
        }
        if looks {
            let measure = measure("overdue jobs");
            measure.around(jobs::run_overdue(&app, app.config.after_answer_budget)).await;
            app.recorder.note_work(&measure);
        }
        if app.sentry.has_waiting() {
            app.sentry.send().await;
        }
        if flushes {
            flush(&app, app.clock.now()).await;
        }
    }))
}
