//! Which jobs are late, and catching up with them after an answer: platforms call crons late, twice or
//! never, and some call them once a day only.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::{ALL, Job, start};
use crate::http::{is_outage, report_after_answer};
use crate::operations::Trigger;
use crate::platform::{App, CronPlan};

/// How often overdue jobs are looked for: by a process, and by all of them together.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Less time than this is not worth beginning a job.
const BUDGET_MIN: Duration = Duration::from_millis(500);

/// What is known of a job's runs.
pub struct JobState {
    /// The job.
    pub job: &'static Job,
    /// When its last good run began; where there was none, when the schema was last changed or the first job
    /// on record began, whichever is later: a job may be new.
    pub good_since: DateTime<Utc>,
    /// Whether there was a good run.
    pub ran: bool,
}

impl JobState {
    /// Since when the job is overdue by a plan; nothing if it is not late.
    #[must_use]
    pub fn overdue(
        &self,
        plan: CronPlan,
        now: DateTime<Utc>,
        grace: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        self.job.schedule_by(plan).ok()?.overdue(self.good_since, now, grace)
    }
}

/// What is known of the runs of every job, in the order of [`ALL`].
pub async fn states(app: &App) -> Result<Vec<JobState>, sqlx::Error> {
    // The table is the migrator's own, so this query is not checked against our schema.
    let begun: DateTime<Utc> = sqlx::query_scalar(
        "SELECT coalesce(greatest(max(installed_on), (SELECT min(started_at) FROM job_runs)), now())
         FROM _sqlx_migrations",
    )
    .fetch_one(&app.db)
    .await?;
    let names: Vec<String> = ALL.iter().map(|job| job.name.to_owned()).collect();
    let last = sqlx::query_scalar!(
        "SELECT run.started_at
         FROM unnest($1::text[]) WITH ORDINALITY AS wanted (job, place)
         LEFT JOIN LATERAL (
            SELECT started_at FROM job_runs
            WHERE job_runs.job = wanted.job AND outcome = 'succeeded'
            ORDER BY started_at DESC LIMIT 1) AS run ON true
         ORDER BY place",
        &names
    )
    .fetch_all(&app.db)
    .await?;
    let state = |(job, last): (&'static Job, Option<DateTime<Utc>>)| JobState {
        job,
        good_since: last.unwrap_or(begun),
        ran: last.is_some(),
    };
    Ok(ALL.iter().zip(last).map(state).collect())
}

/// Whether this process should look for overdue jobs after the present answer: once a minute.
#[must_use]
pub fn is_time_to_look(app: &App) -> bool {
    let now = app.clock.now().timestamp_millis();
    let last = app.looked_for_overdue_jobs_at.load(Ordering::Relaxed);
    let is_time = now - last >= LOOK_EVERY.num_milliseconds() || now < last;
    is_time && {
        let swapped = app.looked_for_overdue_jobs_at.compare_exchange(
            last,
            now,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        swapped.is_ok()
    }
}

/// Runs the jobs that are overdue by their own schedule, as far as there is time. Failures are on
/// record and in the log: the next answer tries again.
pub async fn run_overdue(app: &App, budget: Duration) {
    let started = Instant::now();
    if !first_to_look(app).await {
        return;
    }
    let states = match states(app).await {
        Ok(states) => states,
        Err(error) => {
            tracing::warn!(?error, "overdue jobs not looked for");
            if is_outage(&error) {
                tell_of_outage(app).await;
            }
            return;
        }
    };
    let now = app.clock.now();
    let late = TimeDelta::from_std(app.config.drain_late_after).unwrap_or(TimeDelta::MAX);
    for state in states {
        let left = budget.saturating_sub(started.elapsed());
        if left < BUDGET_MIN {
            return;
        }
        if state.overdue(CronPlan::Frequent, now, late).is_some() {
            catch_up(app, state.job, left).await;
        }
    }
}

/// Without the database it is not known what is late; what tells of that does so all the same.
async fn tell_of_outage(app: &App) {
    for on_outage in ALL.iter().filter_map(|job| job.on_outage) {
        on_outage(app.clone()).await;
    }
}

/// Whether no other process looked within the last minute. While Redis is away everybody looks.
async fn first_to_look(app: &App) -> bool {
    let mut set = redis::cmd("SET");
    set.arg(app.redis.key("lease:overdue-jobs")).arg("1").arg("NX");
    set.arg("PX").arg(LOOK_EVERY.num_milliseconds());
    let taken = app.redis.query_twice::<Option<String>>(&set).await;
    taken.map_or(true, |taken| taken.is_some())
}

async fn catch_up(app: &App, job: &'static Job, budget: Duration) {
    let ran = start(app, job, &Trigger::Overdue, budget).await;
    let then = ran.as_ref().ok().and_then(|_| job.then.clone());
    match ran {
        Ok(report) => tracing::info!(job = job.name, outcome = ?report.outcome, "overdue job run"),
        Err(error) => {
            tracing::warn!(job = job.name, "overdue job failed");
            report_after_answer(app, &error, &format!("JOB {}", job.name));
        }
    }
    if let Some(work) = then {
        work.run(app).await;
    }
}
