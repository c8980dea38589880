//! Runs of jobs on record. The row of a run that is under way is the job's lease: there is one at most.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{Actor, Problem};
use crate::platform::{App, begin};

/// How long after the end of its time a run counts as under way. A process that was ended leaves its
/// run behind.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// What the work of a job is given.
#[derive(Clone)]
pub struct Run {
    /// What the process holds.
    pub app: App,
    /// When the run began: its one instant.
    pub now: DateTime<Utc>,
    /// How long it may take. What is left over the next run does.
    pub budget: Duration,
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// The platform's cron.
    Cron,
    /// An answer, after which an overdue job was found.
    Overdue,
    /// An administrator.
    Administrator(Actor),
    /// The command line.
    Command,
}

impl Trigger {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Overdue => "overdue",
            Self::Administrator(_) => "administrator",
            Self::Command => "command",
        }
    }

    fn started_by(&self) -> Option<&str> {
        match self {
            Self::Administrator(actor) => Some(actor.as_str()),
            Self::Cron | Self::Overdue | Self::Command => None,
        }
    }
}

/// What became of a job that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// It ran to its end.
    Succeeded,
    /// A run was under way already, so nothing was done.
    AlreadyRunning,
}

/// What a job did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobReport<T> {
    /// Always true; a failure is a problem document.
    pub success: bool,
    /// The job.
    #[schema(value_type = String)]
    pub job: &'static str,
    /// What became of it.
    pub outcome: JobOutcome,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it did; nothing if it was running already.
    #[schema(inline)]
    pub report: Option<T>,
}

/// Runs a job's work unless a run is under way, and puts the run on record. `due` is the moment that
/// the run is for.
pub async fn run(
    run: Run,
    (job, due): (&'static str, DateTime<Utc>),
    trigger: &Trigger,
    work: impl AsyncFnOnce(Run) -> Result<Value, Problem>,
) -> Result<JobReport<Value>, Problem> {
    let (app, started_at) = (run.app.clone(), run.now);
    let Some(id) = take_lease(&run, (job, due), trigger).await? else {
        let outcome = JobOutcome::AlreadyRunning;
        return Ok(JobReport {
            success: true,
            job,
            outcome,
            started_at,
            duration_ms: 0,
            report: None,
        });
    };
    let worked = work(run).await;
    let finished_at = app.clock.now();
    if let Err(error) = finish(&app, id, &worked, finished_at).await {
        tracing::error!(?error, job, "end of a job run not recorded");
    }
    Ok(JobReport {
        success: true,
        job,
        outcome: JobOutcome::Succeeded,
        started_at,
        duration_ms: (finished_at - started_at).num_milliseconds(),
        report: Some(worked?),
    })
}

/// Takes the job's lease by beginning a run; nothing if a run is under way.
async fn take_lease(
    run: &Run,
    (job, due): (&str, DateTime<Utc>),
    trigger: &Trigger,
) -> Result<Option<Uuid>, sqlx::Error> {
    let mut tx = begin(&run.app.db).await?;
    sqlx::query!(
        "UPDATE job_runs SET outcome = 'failed', finished_at = leased_until, error = $3
         WHERE job = $1 AND outcome = 'running' AND leased_until < $2",
        job,
        run.now,
        "the run did not come to an end in its time",
    )
    .execute(&mut *tx)
    .await?;
    let leased_until = run.now
        + TimeDelta::from_std(run.budget + LEASE_MARGIN).unwrap_or_else(|_| TimeDelta::minutes(2));
    let id = sqlx::query_scalar!(
        "INSERT INTO job_runs
            (id, job, scheduled_minute, started_at, outcome, trigger, started_by, leased_until)
         VALUES ($1, $2, $3, $4, 'running', ($5::text)::job_trigger, $6, $7)
         ON CONFLICT (job) WHERE outcome = 'running' DO NOTHING RETURNING id",
        Uuid::now_v7(),
        job,
        due,
        run.now,
        trigger.as_str(),
        trigger.started_by(),
        leased_until,
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

async fn finish(
    app: &App,
    id: Uuid,
    worked: &Result<Value, Problem>,
    finished_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let outcome = if worked.is_ok() { "succeeded" } else { "failed" };
    sqlx::query!(
        "UPDATE job_runs
         SET outcome = ($2::text)::job_outcome, finished_at = $3, report = $4, error = $5
         WHERE id = $1",
        id,
        outcome,
        finished_at,
        worked.as_ref().ok(),
        worked.as_ref().err().map(ToString::to_string),
    )
    .execute(&app.db)
    .await?;
    Ok(())
}
