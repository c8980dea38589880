//! The platform's cron, locally: calls scheduled endpoints by their own schedule.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use nest_haus::endpoints::{self, Endpoint};
use nest_haus::platform::{App, process_var};
use nest_haus::service::{Answer, Service};
use nest_haus_domain::operations::Schedule;

/// Calls each scheduled endpoint when it is due, forever.
pub(crate) async fn run(app: App, service: Service) {
    let mut jobs = tokio::task::JoinSet::new();
    for endpoint in endpoints::ALL {
        let plan = app.config.cron_plan;
        if let Some(Ok(schedule)) = endpoint.job().map(|job| job.schedule_by(plan)) {
            jobs.spawn(follow(app.clone(), service.clone(), *endpoint, schedule));
        }
    }
    while jobs.join_next().await.is_some() {}
}

async fn follow(app: App, service: Service, endpoint: Endpoint, schedule: Schedule) {
    let mut last = app.clock.now();
    while let Some(due) = schedule.next(last) {
        let wait = (due - app.clock.now()).to_std().unwrap_or_default();
        tokio::time::sleep(wait).await;
        // After a sleep of the machine missed runs are not caught up: one does the work of all.
        last = due.max(app.clock.now());
        call(&service, endpoint).await;
    }
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
