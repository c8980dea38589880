//! Rows that nothing else depends on: they go when they are old.

use chrono::{DateTime, Utc};
use nest_haus_domain::operations::Cutoffs;

use super::{ROWS_PER_BATCH, Removed, Sweep};
use crate::platform::App;

/// A table whose old rows go.
struct Aged {
    class: &'static str,
    table: &'static str,
    /// What says how old a row is.
    column: &'static str,
    before: fn(&Cutoffs) -> DateTime<Utc>,
    /// What must hold of a row besides.
    condition: &'static str,
}

const fn aggregate(table: &'static str, column: &'static str) -> Aged {
    Aged {
        class: "aggregates",
        table,
        column,
        before: |cutoffs| cutoffs.aggregates,
        condition: "true",
    }
}

const fn operations(table: &'static str, column: &'static str) -> Aged {
    Aged {
        class: "operations",
        table,
        column,
        before: |cutoffs| cutoffs.operations,
        condition: "true",
    }
}

/// Every such table. All names are constants, so that no text of a caller gets into a statement.
const AGED: &[Aged] = &[
    Aged {
        class: "raw",
        table: "configuration_changes",
        column: "occurred_at",
        before: |cutoffs| cutoffs.raw,
        condition: "true",
    },
    Aged {
        class: "operations",
        table: "job_runs",
        column: "started_at",
        before: |cutoffs| cutoffs.operations,
        // The last good run of a job says since when it is late.
        condition: "outcome <> 'running' AND (outcome <> 'succeeded' OR EXISTS (
            SELECT FROM job_runs AS later WHERE later.job = job_runs.job
                AND later.outcome = 'succeeded' AND later.started_at > job_runs.started_at))",
    },
    operations("recordings", "slot"),
    operations("recorded_slots", "slot"),
    operations("slow_operations", "at"),
    Aged { condition: "state <> 'queued'", ..operations("notifications", "created_at") },
    Aged { condition: "state = 'resolved'", ..aggregate("alerts", "started_at") },
    aggregate("recordings_hourly", "hour"),
    aggregate("visit_rollups", "bucket"),
    aggregate("visit_histograms", "bucket"),
    aggregate("path_edges", "day"),
    aggregate("path_nodes", "day"),
    aggregate("restatements", "day"),
    aggregate("metric_histograms", "bucket"),
    aggregate("heatmap_cells", "day"),
    aggregate("scroll_depths", "day"),
    aggregate("indecisions", "day"),
    aggregate("quick_backs", "day"),
    aggregate("option_votes", "day"),
    aggregate("option_regrets", "day"),
    aggregate("option_switches", "day"),
    aggregate("stored_reports", "period_to"),
];

/// Removes the old rows of every such table.
pub(super) async fn remove(sweep: &Sweep) -> Result<Vec<Removed>, sqlx::Error> {
    let mut all = Vec::new();
    for aged in AGED {
        let mut removed = aged.removed(&sweep.cutoffs);
        while sweep.in_time() {
            let rows = aged.remove_some(&sweep.app, removed.before).await?;
            removed.rows += rows;
            if rows < ROWS_PER_BATCH {
                break;
            }
        }
        all.push(removed);
    }
    Ok(all)
}

/// The rows that would go.
pub(super) async fn preview(app: &App, cutoffs: &Cutoffs) -> Result<Vec<Removed>, sqlx::Error> {
    let mut all = Vec::new();
    for aged in AGED {
        let Aged { table, column, condition, .. } = aged;
        let mut removed = aged.removed(cutoffs);
        let count = format!("SELECT count(*) FROM {table} WHERE {column} < $1 AND {condition}");
        removed.rows = sqlx::query_scalar(&count).bind(removed.before).fetch_one(&app.db).await?;
        all.push(removed);
    }
    Ok(all)
}

impl Aged {
    fn removed(&self, cutoffs: &Cutoffs) -> Removed {
        Removed::new(self.class, self.table, (self.before)(cutoffs))
    }

    async fn remove_some(&self, app: &App, before: DateTime<Utc>) -> Result<i64, sqlx::Error> {
        let Self { table, column, condition, .. } = self;
        let remove = format!(
            "WITH gone AS (
                DELETE FROM {table} WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM {table} WHERE {column} < $1 AND {condition} LIMIT $2))
                RETURNING 1)
             SELECT count(*) FROM gone"
        );
        let removing = sqlx::query_scalar(&remove).bind(before).bind(ROWS_PER_BATCH);
        removing.fetch_one(&app.db).await
    }
}
