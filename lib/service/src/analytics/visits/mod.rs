//! Visits as a projection: sessions that changed are folded anew, then the roll-ups of the hours that
//! they touch. Until then reports read those hours visit by visit, so that no number lags behind.

mod evidence;
mod rollups;
mod store;

use std::time::{Duration, Instant};

use nest_haus_domain::analytics::visits;
use serde::Serialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;

pub(super) use store::PROJECTION_LOCK;

use super::counts;
use crate::http::Problem;
use crate::operations::Run;
use crate::platform::{App, begin, begin_bounded};

/// Sessions that one transaction projects.
const SESSIONS_PER_BATCH: i64 = 500;

/// Share of the time after which no further batch is begun.
const BUDGET_SHARE: f64 = 0.8;

/// A batch that has begun may finish, however little time there was.
const STATEMENT_TIME_MIN: Duration = Duration::from_secs(30);

/// What a projection did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionReport {
    /// Sessions whose visits were projected.
    pub sessions: u64,
    /// Hours whose roll-ups were made.
    pub hours: u64,
    /// Hours of measurements, days of clicks and days of chosen options that were counted anew.
    pub counted: u64,
    /// Closed days whose numbers changed.
    pub restated_days: u64,
    /// Another process was at it, so this one stopped.
    pub held_elsewhere: bool,
    /// Whether nothing was left to do.
    pub complete: bool,
}

/// Projects what changed, until nothing is left or most of the time is gone.
pub async fn project(app: &App, budget: Duration) -> Result<ProjectionReport, sqlx::Error> {
    let started = Instant::now();
    let in_time = || started.elapsed() < budget.mul_f64(BUDGET_SHARE);
    let mut report = ProjectionReport::default();
    while in_time() {
        match project_batch(app, budget).await? {
            None => return Ok(ProjectionReport { held_elsewhere: true, ..report }),
            Some(0) => break,
            Some(sessions) => report.sessions += sessions,
        }
    }
    while in_time() {
        match counts::refresh(app, budget.max(STATEMENT_TIME_MIN)).await? {
            None => return Ok(ProjectionReport { held_elsewhere: true, ..report }),
            Some(0) => break,
            Some(counted) => report.counted += counted,
        }
    }
    while in_time() {
        let Some(made) = rollups::refresh(app, budget).await? else {
            return Ok(ProjectionReport { held_elsewhere: true, ..report });
        };
        if made.hours == 0 {
            report.complete = true;
            break;
        }
        report.hours += made.hours;
        report.restated_days += made.restated_days;
    }
    Ok(report)
}

/// Projects some sessions in one transaction; nothing if another process is at it.
async fn project_batch(app: &App, budget: Duration) -> Result<Option<u64>, sqlx::Error> {
    let mut tx = begin_bounded(&app.db, budget.max(STATEMENT_TIME_MIN)).await?;
    if !store::take_lock(&mut tx).await? {
        return Ok(None);
    }
    let keys = store::take_stale_sessions(&mut tx, SESSIONS_PER_BATCH).await?;
    if keys.is_empty() {
        tx.rollback().await?;
        return Ok(Some(0));
    }
    let sessions = store::sessions(&mut tx, &keys).await?;
    let rules = evidence::internal_rules(&mut tx).await?;
    let mut rows = Vec::new();
    for session in &sessions {
        let population = evidence::population(session, &rules);
        let found = visits(&session.events, &session.payments);
        let of_session = found.iter().enumerate();
        rows.extend(
            of_session.map(|(index, visit)| store::row(session, &population, index, visit)),
        );
    }
    store::replace(&mut tx, &keys, &rows).await?;
    tx.commit().await?;
    Ok(Some(u64::try_from(keys.len()).unwrap_or(u64::MAX)))
}

/// Marks every session and hour, so that the next projections make everything anew: after a change of
/// rules or of the definition. Answers how many sessions there are.
pub async fn mark_all(app: &App) -> Result<u64, sqlx::Error> {
    let mut tx = begin(&app.db).await?;
    let marked = mark_all_in(&mut tx).await?;
    tx.commit().await?;
    Ok(marked)
}

/// The same in a transaction of the caller's.
pub(super) async fn mark_all_in(tx: &mut PgTransaction<'_>) -> Result<u64, sqlx::Error> {
    store::mark_all(tx).await
}

/// The job that brings visits and their roll-ups up to date, and restates the days that late events
/// changed. Each drain does the same after its answer; this is for what they had no time for.
pub async fn aggregate_daily(run: Run) -> Result<ProjectionReport, Problem> {
    Ok(project(&run.app, run.budget).await?)
}
