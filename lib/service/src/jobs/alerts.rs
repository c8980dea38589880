//! The jobs of alerts: evaluating rules, with what only the registry of jobs knows, and sending messages.

use std::time::Instant;

use futures::future::BoxFuture;
use nest_haus_domain::monitoring::{RuleId, Signal};
use nest_haus_domain::notifications::{Line, Value};
use serde::Serialize;
use utoipa::ToSchema;

use super::{JobState, grace, states};
use crate::http::Problem;
use crate::monitoring::alerts::{EvaluationReport, database_back_at, evaluate, tell_of_outage};
use crate::monitoring::drain_recordings;
use crate::notifications::{DeliveryReport, send_notifications};
use crate::operations::Run;
use crate::platform::App;

/// The job that evaluates the rules. That it runs shows that it is not missed.
pub(super) const EVALUATE: &str = "evaluate-alerts";

/// What an evaluation and the sending after it did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlertsReport {
    /// What the evaluation did.
    #[serde(flatten)]
    evaluation: EvaluationReport,
    /// What was sent then; nothing where that failed, which the next run makes good.
    delivery: Option<DeliveryReport>,
}

/// Evaluates every rule, and sends what there is to send with the rest of the time.
pub(super) async fn evaluate_alerts(run: Run) -> Result<AlertsReport, Problem> {
    let begun = Instant::now();
    // What was recorded just now counts; if it cannot be had, what is stored does.
    if let Err(error) = drain_recordings(&run.app, run.budget).await {
        tracing::warn!(?error, "recordings not drained");
    }
    // What could not run without the database is told by its outage; it is missed if it does not now.
    let back = database_back_at(&run.app, run.now).await?;
    let states = states(&run.app).await?.into_iter().map(|state| JobState {
        good_since: back.map_or(state.good_since, |back| state.good_since.max(back)),
        ..state
    });
    let missed = states.filter(|state| state.job.name != EVALUATE);
    let evaluation =
        evaluate(&run, missed.map(|state| missed_signal(&state, &run)).collect()).await?;
    let rest = run.budget.saturating_sub(begun.elapsed());
    let sent = send_notifications(Run { budget: rest, ..run }).await;
    let delivery = sent.inspect_err(|error| tracing::error!(?error, "messages wait")).ok();
    Ok(AlertsReport { evaluation, delivery })
}

/// How many runs a job missed; none while it is within its grace.
fn missed_signal(state: &JobState, run: &Run) -> Signal {
    let plan = run.app.config.cron_plan;
    let overdue = state.overdue(plan, run.now, grace(plan));
    let missed = overdue.and_then(|_| {
        let schedule = state.job.schedule_by(plan).ok()?;
        u32::try_from(schedule.missed(state.good_since, run.now)).ok()
    });
    let mut detail = vec![Line::new("Aufgabe", "Job", Value::Text(state.job.name.to_owned()))];
    if let Some(since) = overdue {
        detail.push(Line::new("Fällig seit", "Due since", Value::Moment(since)));
    }
    let missed = missed.unwrap_or(0);
    let signal = Signal::about(RuleId::JobMissed, state.job.name, missed.into(), missed.into());
    signal.with_detail(detail)
}

/// What is done where an evaluation cannot begin since the database is out of reach.
pub(super) fn on_outage(app: App) -> BoxFuture<'static, ()> {
    Box::pin(async move { tell_of_outage(&app, app.clock.now()).await })
}
