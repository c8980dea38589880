//! The platform's cron, locally: calls scheduled endpoints by their own schedule.

use std::str::FromStr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use croner::Cron;
use nest_haus::endpoints::{self, Endpoint};
use nest_haus::platform::{App, process_var};
use nest_haus::service::{Answer, Service};

/// Calls each scheduled endpoint when it is due, forever.
pub(crate) async fn run(app: App, service: Service) {
    let mut jobs = tokio::task::JoinSet::new();
    for endpoint in endpoints::ALL {
        if let Some(schedule) = endpoint.schedule.and_then(|text| Cron::from_str(text).ok()) {
            jobs.spawn(follow(app.clone(), service.clone(), *endpoint, schedule));
        }
    }
    while jobs.join_next().await.is_some() {}
}

async fn follow(app: App, service: Service, endpoint: Endpoint, schedule: Cron) {
    let mut last = app.clock.now();
    while let Some(due) = next(&schedule, last) {
        let wait = (due - app.clock.now()).to_std().unwrap_or_default();
        tokio::time::sleep(wait).await;
        // After a sleep of the machine missed runs are not caught up: one does the work of all.
        last = due.max(app.clock.now());
        call(&service, endpoint).await;
    }
}

fn next(schedule: &Cron, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    schedule.find_next_occurrence(&after, false).ok()
}

async fn call(service: &Service, endpoint: Endpoint) {
    let secret = process_var("CRON_SECRET").unwrap_or_default();
    let request = Request::get(endpoint.path())
        .header("user-agent", "vercel-cron/1.0")
        .header(AUTHORIZATION, format!("Bearer {secret}"))
        .body(Body::empty());
    match request {
        Ok(request) => {
            let Answer { response, after } = service.call(request).await;
            if !response.status().is_success() {
                tracing::warn!(job = endpoint.name, status = %response.status(), "job failed");
            }
            if let Some(work) = after {
                work.await;
            }
        }
        Err(error) => tracing::error!(%error, job = endpoint.name, "job not called"),
    }
}
