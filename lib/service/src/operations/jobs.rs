//! Jobs: what the platform's cron starts, each run on record.

use std::future::Future;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::Problem;
use crate::platform::App;

/// What a job did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobReport<T> {
    /// Always true; a failure is a problem document.
    pub success: bool,
    /// The job.
    #[schema(value_type = String)]
    pub job: &'static str,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it did.
    pub report: T,
}

/// Runs a job and puts the run on record.
pub async fn run<T: Serialize>(
    app: &App,
    job: &'static str,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<JobReport<T>, Problem> {
    let started_at = app.clock.now();
    let outcome = work.await;
    let finished_at = app.clock.now();
    let report = outcome.as_ref().ok().map(serde_json::to_value).transpose()?;
    let succeeded = outcome.is_ok();
    let minute = started_at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(started_at);
    let recorded = sqlx::query!(
        "INSERT INTO job_runs (id, job, scheduled_minute, started_at, finished_at, outcome, report)
         VALUES ($1, $2, $3, $4, $5, ($6::text)::job_outcome, $7)",
        Uuid::now_v7(),
        job,
        minute,
        started_at,
        finished_at,
        if succeeded { "succeeded" } else { "failed" },
        report,
    )
    .execute(&app.db)
    .await;
    if let Err(error) = recorded {
        tracing::error!(?error, job, "job run not recorded");
    }
    Ok(JobReport {
        success: true,
        job,
        started_at,
        duration_ms: (finished_at - started_at).num_milliseconds(),
        report: outcome?,
    })
}
