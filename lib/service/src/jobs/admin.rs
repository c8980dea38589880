//! Jobs for administrators: what ran and what is late, and running one by hand.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Job, JobState, grace, start, states};
use crate::accounts::{May, ReadAnalytics, RunJobs};
use crate::http::{Context, FreeObject, Problem, ProblemDocument, Query, how_many};
use crate::operations::{JobOutcome, JobReport, Trigger};
use crate::platform::CronPlan;

/// Share of a request's time that a run by hand gets: the answer needs some, too.
const BUDGET_SHARE: f64 = 0.8;

/// Runs of each job that are listed.
const RUNS: i64 = 10;

/// Most runs that are listed.
const RUNS_MAX: i64 = 100;

/// How many runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// Runs to list of each job, 1 to 100; 10 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    runs: Option<i64>,
}

/// Every job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    /// Always true.
    success: bool,
    /// `frequent` where the platform's cron calls jobs as they are due, `daily` where once a day.
    #[schema(value_type = String)]
    cron_plan: &'static str,
    /// Every job.
    jobs: Vec<JobView>,
}

/// A job and its last runs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobView {
    /// Its name.
    #[schema(value_type = String)]
    name: &'static str,
    /// What it does.
    #[schema(value_type = String)]
    summary: &'static str,
    /// When it is due, as cron writes it, in UTC.
    schedule: String,
    /// When it is due next.
    next_due_at: Option<DateTime<Utc>>,
    /// When its last good run began.
    last_succeeded_at: Option<DateTime<Utc>>,
    /// Since when it is overdue: a run that was due then did not happen or failed.
    overdue_since: Option<DateTime<Utc>>,
    /// How often it was due since its last good run; 0 while it is not overdue.
    missed_runs: usize,
    /// Its last runs, the latest first.
    runs: Vec<RunView>,
}

/// One run.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunView {
    /// Names the run.
    id: Uuid,
    /// The moment that it is for.
    scheduled_at: DateTime<Utc>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; nothing while it is under way.
    finished_at: Option<DateTime<Utc>>,
    /// `running`, `succeeded` or `failed`.
    outcome: String,
    /// `cron`, `overdue` (after an answer), `administrator` or `command`.
    trigger: String,
    /// The administrator.
    started_by: Option<String>,
    /// Why it failed.
    error: Option<String>,
    /// What it did, in the words of its job.
    #[schema(value_type = Option<FreeObject>)]
    report: Option<Value>,
}

/// Every job: when it is due, whether it is late, and its last runs.
#[utoipa::path(
    get, path = "/api/admin/jobs", tag = "operations", params(JobsQuery), security(("admin" = [])),
    responses((status = 200, description = "Every job.", body = JobList))
)]
pub async fn list_jobs(
    cx: Context,
    _: May<ReadAnalytics>,
    Query(query): Query<JobsQuery>,
) -> Result<Json<JobList>, Problem> {
    let runs = how_many("runs", query.runs, RUNS, RUNS_MAX)?;
    let mut jobs = Vec::new();
    let rows = last_runs(&cx, runs).await?;
    for state in states(&cx.app).await? {
        let of_job = rows.iter().filter(|(job, _)| job == state.job.name);
        jobs.push(JobView::of(&state, &cx, of_job.map(|(_, run)| run.clone()).collect())?);
    }
    let cron_plan = match cx.app.config.cron_plan {
        CronPlan::Frequent => "frequent",
        CronPlan::Daily => "daily",
    };
    Ok(Json(JobList { success: true, cron_plan, jobs }))
}

impl JobView {
    fn of(state: &JobState, cx: &Context, runs: Vec<RunView>) -> Result<Self, Problem> {
        let plan = cx.app.config.cron_plan;
        let bad = |bad: nest_haus_domain::operations::BadSchedule| Problem::Internal(bad.into());
        let schedule = state.job.schedule_by(plan).map_err(bad)?;
        let overdue_since = state.overdue(plan, cx.now, grace(plan));
        let missed = schedule.missed(state.good_since, cx.now);
        Ok(Self {
            name: state.job.name,
            summary: state.job.summary,
            schedule: match plan {
                CronPlan::Frequent => state.job.schedule.to_owned(),
                CronPlan::Daily => super::daily_schedule(state.job.name),
            },
            next_due_at: schedule.next(cx.now),
            last_succeeded_at: state.ran.then_some(state.good_since),
            overdue_since,
            missed_runs: overdue_since.map_or(0, |_| missed),
            runs,
        })
    }
}

/// The last runs of every job, the latest first.
async fn last_runs(cx: &Context, runs: i64) -> Result<Vec<(String, RunView)>, sqlx::Error> {
    let names: Vec<String> = super::ALL.iter().map(|job| job.name.to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT run.id, run.job, scheduled_minute, started_at, finished_at, outcome::text AS "outcome!",
            trigger::text AS "trigger!", started_by, error, report
         FROM unnest($1::text[]) AS wanted (job) CROSS JOIN LATERAL (
            SELECT * FROM job_runs WHERE job_runs.job = wanted.job
            ORDER BY started_at DESC LIMIT $2) AS run
         ORDER BY started_at DESC"#,
        &names,
        runs
    )
    .fetch_all(&cx.app.db)
    .await?;
    let run = rows.into_iter().map(|row| {
        let run = RunView {
            id: row.id,
            scheduled_at: row.scheduled_minute,
            started_at: row.started_at,
            finished_at: row.finished_at,
            outcome: row.outcome,
            trigger: row.trigger,
            started_by: row.started_by,
            error: row.error,
            report: row.report,
        };
        (row.job, run)
    });
    Ok(run.collect())
}

/// Runs a job now, as far as a request's time goes; what is left over its next run does.
#[utoipa::path(
    post, path = "/api/admin/jobs/{name}/run", tag = "operations", security(("admin" = [])),
    params(("name" = String, Path, description = "The job.")),
    responses(
        (status = 200, description = "What the job did.", body = JobReport<FreeObject>),
        (status = 404, description = "There is no such job.", body = ProblemDocument),
        (status = 409, description = "A run of it is under way.", body = ProblemDocument),
    )
)]
pub async fn run_job(
    cx: Context,
    may: May<RunJobs>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let job = Job::of_name(&name).ok_or(Problem::NotFound("job"))?;
    let budget = cx.app.config.request_timeout.mul_f64(BUDGET_SHARE);
    let report = start(&cx.app, job, &Trigger::Administrator(may.actor), budget).await?;
    if report.outcome == JobOutcome::AlreadyRunning {
        let sentence = "a run of this job is under way";
        return Err(Problem::Conflict { sentence, conflict: json!({"job": job.name}) });
    }
    let mut response = Json(report).into_response();
    if let Some(work) = &job.then {
        work.clone().attach(&mut response);
    }
    Ok(response)
}
