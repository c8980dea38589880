//! What goes by age (definitions b17): each class of records after its own time, in transactions that are
//! short enough for nobody to wait. What a run had no time for the next one does.
//!
//! Counts outlive what they count: the ledger keeps how much of it went, and roll-ups of days whose events
//! are gone are never made anew.

mod events;
mod failed;
mod points;
mod rows;
mod sessions;

use std::time::Instant;

use axum::Json;
use chrono::{DateTime, Utc};
use nest_haus_domain::operations::Cutoffs;
use serde::Serialize;
use sqlx::PgTransaction;
use utoipa::ToSchema;

use crate::accounts::{self, May, ReadAnalytics};
use crate::analytics::counts;
use crate::http::{Context, Problem};
use crate::operations::Run;
use crate::platform::{App, begin};

/// Share of a run's time after which no further transaction is begun.
const BUDGET_SHARE: f64 = 0.8;

/// Rows that one transaction removes.
const ROWS_PER_BATCH: i64 = 5_000;

/// What goes by age, or went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetentionReport {
    /// Whether this is only what would go: nothing was removed.
    dry_run: bool,
    /// Whether nothing is left that should go; of a dry run, whether nothing is there that should.
    complete: bool,
    /// What went, by table.
    removed: Vec<Removed>,
}

/// What of a table goes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// `raw`, `points`, `failed`, `operations`, `aggregates` or `accounts`: what is kept equally long.
    #[schema(value_type = String)]
    class: &'static str,
    /// The table.
    table: String,
    /// What is older than this goes.
    before: DateTime<Utc>,
    /// Rows; of `points`, days whose clicks lose their places.
    rows: i64,
    /// Partitions that go as a whole; their rows are among `rows`.
    partitions: Vec<String>,
}

impl Removed {
    fn new(class: &'static str, table: &str, before: DateTime<Utc>) -> Self {
        Self { class, table: table.to_owned(), before, rows: 0, partitions: Vec::new() }
    }
}

/// A run that removes, with the time it has.
struct Sweep {
    app: App,
    now: DateTime<Utc>,
    cutoffs: Cutoffs,
    ends_at: Instant,
}

impl Sweep {
    fn in_time(&self) -> bool {
        Instant::now() < self.ends_at
    }
}

/// The job that removes what is older than its class is kept.
pub async fn retention(run: Run) -> Result<RetentionReport, Problem> {
    let sweep = Sweep {
        ends_at: Instant::now() + run.budget.mul_f64(BUDGET_SHARE),
        cutoffs: Cutoffs::at(run.now),
        now: run.now,
        app: run.app,
    };
    begin_raw(&sweep).await?;
    let mut removed = events::remove(&sweep).await?;
    removed.extend(sessions::remove(&sweep).await?);
    removed.extend(failed::remove(&sweep).await?);
    removed.push(points::remove(&sweep).await?);
    removed.extend(rows::remove(&sweep).await?);
    sweep_accounts(&sweep).await?;
    removed.retain(|removed| removed.rows > 0 || !removed.partitions.is_empty());
    Ok(RetentionReport { dry_run: false, complete: sweep.in_time(), removed })
}

/// What the job would remove now.
#[utoipa::path(
    get, path = "/api/admin/retention", tag = "operations", security(("admin" = [])),
    responses((status = 200, description = "What would go, by table.", body = RetentionReport))
)]
pub async fn preview_retention(
    cx: Context,
    _: May<ReadAnalytics>,
) -> Result<Json<RetentionReport>, Problem> {
    let cutoffs = Cutoffs::at(cx.now);
    let mut removed = events::preview(&cx.app, &cutoffs).await?;
    removed.extend(sessions::preview(&cx.app, &cutoffs).await?);
    removed.extend(failed::preview(&cx.app, &cutoffs).await?);
    removed.push(points::preview(&cx.app, &cutoffs).await?);
    removed.extend(rows::preview(&cx.app, &cutoffs).await?);
    removed.retain(|removed| removed.rows > 0 || !removed.partitions.is_empty());
    Ok(Json(RetentionReport { dry_run: true, complete: removed.is_empty(), removed }))
}

/// Says from when on events, sessions and visits are kept, before any of them goes: whoever counts anew
/// reads this in the transaction in which it counts.
async fn begin_raw(sweep: &Sweep) -> Result<(), sqlx::Error> {
    let mut tx = begin(&sweep.app.db).await?;
    counts::hold(&mut tx).await?;
    raise_floor(&mut tx, "raw", sweep.cutoffs.raw).await?;
    tx.commit().await
}

/// Says from when on single records of a class are kept, in a transaction that keeps others from counting.
async fn raise_floor(
    tx: &mut PgTransaction<'_>,
    class: &str,
    kept_since: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE retention_floors SET kept_since = greatest(kept_since, $2) WHERE class = $1",
        class,
        kept_since
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Sessions of administrators, links and wrong tries, whose own sweep runs whenever somebody signs in.
async fn sweep_accounts(sweep: &Sweep) -> Result<(), sqlx::Error> {
    let mut tx = begin(&sweep.app.db).await?;
    accounts::sweep(&mut tx, sweep.now).await?;
    tx.commit().await
}
