//! One run of a job, whoever starts it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use serde_json::Value;

use super::Job;
use crate::http::{Panicked, Problem};
use crate::operations::{self, JobReport, Run, Trigger};
use crate::platform::App;

/// Starts a job, unless a run of it is under way.
pub async fn start(
    app: &App,
    job: &'static Job,
    trigger: &Trigger,
    budget: Duration,
) -> Result<JobReport<Value>, Problem> {
    let now = app.clock.now();
    let schedule =
        job.schedule_by(app.config.cron_plan).map_err(|bad| Problem::Internal(bad.into()))?;
    let due = schedule.last(now).unwrap_or(now);
    let run = Run { app: app.clone(), now, budget };
    let mut began = false;
    let ran = operations::run(run, (job.name, due), trigger, async |run| {
        began = true;
        let worked = AssertUnwindSafe((job.work)(run)).catch_unwind().await;
        worked.unwrap_or_else(|_| Err(Problem::Internal(Panicked::caught().into())))
    })
    .await;
    if let (Err(Problem::Unavailable(_)), false, Some(on_outage)) = (&ran, began, job.on_outage) {
        on_outage(app.clone()).await;
    }
    ran
}
