//! Monthly partitions of the tables of events, made ahead of time.
//!
//! Rows whose month has no partition are in the default partition, so nothing is ever refused. A
//! partition is filled from there before it is attached.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::jobs::Run;
use crate::http::Problem;
use crate::platform::{App, begin};

/// The tables of events.
pub const EVENT_TABLES: [&str; 4] =
    ["interaction_events", "configuration_snapshots", "session_events", "performance_metrics"];

/// Months that exist besides the present one: the one before, and two ahead.
const MONTHS_BACK: u32 = 1;
const MONTHS_AHEAD: u32 = 2;

/// Serialises the processes that make partitions.
const ADVISORY_LOCK: i64 = 0x006e_6573_7468_6175;

/// What the job that makes partitions did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartitionsReport {
    /// Partitions that were made.
    made: u32,
}

/// The job that makes partitions ahead of time. Drains do so too; this is for when nothing is drained.
pub async fn partitions(run: Run) -> Result<PartitionsReport, Problem> {
    Ok(PartitionsReport { made: ensure_partitions(&run.app, run.now).await? })
}

/// Makes the partitions around `now` that are missing, and answers how many.
pub async fn ensure_partitions(app: &App, now: DateTime<Utc>) -> Result<u32, sqlx::Error> {
    let wanted: Vec<Partition> = EVENT_TABLES
        .into_iter()
        .flat_map(|table| months(now).into_iter().map(move |month| Partition { table, month }))
        .collect();
    let names: Vec<String> = wanted.iter().map(Partition::name).collect();
    let existing = sqlx::query_scalar!(
        r#"SELECT relname::text AS "relname!" FROM pg_class WHERE relname = ANY($1)"#,
        &names
    )
    .fetch_all(&app.db)
    .await?;
    let mut made = 0;
    for partition in wanted.iter().filter(|partition| !existing.contains(&partition.name())) {
        made += u32::from(partition.create(&app.db).await?);
    }
    Ok(made)
}

fn months(now: DateTime<Utc>) -> Vec<NaiveDate> {
    let date = now.date_naive();
    let this = date.with_day(1).unwrap_or(date);
    let first = this.checked_sub_months(Months::new(MONTHS_BACK)).unwrap_or(this);
    (0..=MONTHS_BACK + MONTHS_AHEAD)
        .filter_map(|n| first.checked_add_months(Months::new(n)))
        .collect()
}

struct Partition {
    table: &'static str,
    month: NaiveDate,
}

impl Partition {
    fn name(&self) -> String {
        format!("{}_{}", self.table, self.month.format("%Y_%m"))
    }

    /// Creates the partition with the rows that wait in the default one; false if another process
    /// was faster. The names are made of constants and a date, so no text of a caller gets in here.
    async fn create(&self, db: &sqlx::PgPool) -> Result<bool, sqlx::Error> {
        let (table, name) = (self.table, self.name());
        let from = self.month;
        let to = from.checked_add_months(Months::new(1)).unwrap_or(from);
        let mut tx = begin(db).await?;
        sqlx::query!("SELECT pg_advisory_xact_lock($1)", ADVISORY_LOCK).execute(&mut *tx).await?;
        let exists = sqlx::query_scalar!("SELECT to_regclass($1) IS NOT NULL", name)
            .fetch_one(&mut *tx)
            .await?;
        if exists == Some(true) {
            return Ok(false);
        }
        let range = format!("event_time >= '{from} 00:00+00' AND event_time < '{to} 00:00+00'");
        let statements = [
            "SET LOCAL lock_timeout = '2s'".to_owned(),
            format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
            format!("CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"),
            format!(
                "WITH moved AS (DELETE FROM {table}_default WHERE {range} RETURNING *)
                 INSERT INTO {name} SELECT * FROM moved"
            ),
            format!(
                "ALTER TABLE {table} ATTACH PARTITION {name}
                 FOR VALUES FROM ('{from} 00:00+00') TO ('{to} 00:00+00')"
            ),
        ];
        for statement in statements {
            sqlx::query(&statement).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_around_a_year_end_follow_one_another() {
        let now = DateTime::parse_from_rfc3339("2026-12-31T23:59:59Z").unwrap().with_timezone(&Utc);
        let names: Vec<String> = months(now)
            .into_iter()
            .map(|month| Partition { table: "session_events", month }.name())
            .collect();
        assert_eq!(
            names,
            [
                "session_events_2026_11",
                "session_events_2026_12",
                "session_events_2027_01",
                "session_events_2027_02",
            ]
        );
    }
}
