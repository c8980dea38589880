//! Events by their partitions: a month that is older than events are kept is taken out of its table, its
//! rows are counted in the ledger session by session, and then it is dropped.

use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use nest_haus_domain::operations::Cutoffs;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{ROWS_PER_BATCH, Removed, Sweep};
use crate::operations::EVENT_TABLES;
use crate::platform::{App, begin};

/// Sessions of a partition that one transaction counts.
const SESSIONS_PER_BATCH: i64 = 10_000;

/// The SQLSTATE of a lock that could not be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Events of one month. Its name is made of a constant and a month, so no text of a caller gets into a
/// statement.
struct Partition {
    table: &'static str,
    month: NaiveDate,
}

impl Partition {
    fn of_name(name: &str) -> Option<Self> {
        EVENT_TABLES.into_iter().find_map(|table| {
            let suffix = name.strip_prefix(table)?.strip_prefix('_')?;
            let month = NaiveDate::parse_from_str(&format!("{suffix}_01"), "%Y_%m_%d").ok()?;
            let partition = Self { table, month };
            (partition.name() == name).then_some(partition)
        })
    }

    fn name(&self) -> String {
        format!("{}_{}", self.table, self.month.format("%Y_%m"))
    }

    /// Whether the whole month lies before an instant.
    fn is_before(&self, cutoff: DateTime<Utc>) -> bool {
        let next = self.month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        next.and_time(NaiveTime::MIN).and_utc() <= cutoff
    }

    /// Takes the partition out of its table. Events that happened later than their ids say, by a clock that
    /// is wrong, stay where they are found.
    async fn detach(&self, app: &App, cutoff: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let (table, name) = (self.table, self.name());
        let mut tx = begin(&app.db).await?;
        let detach = format!("ALTER TABLE {table} DETACH PARTITION {name}");
        for statement in ["SET LOCAL lock_timeout = '2s'", detach.as_str()] {
            sqlx::query(statement).persistent(false).execute(&mut *tx).await?;
        }
        let keep = format!(
            "WITH recent AS (DELETE FROM {name} WHERE occurred_at >= $1 RETURNING *)
             INSERT INTO {table} SELECT * FROM recent"
        );
        sqlx::query(&keep).persistent(false).bind(cutoff).execute(&mut *tx).await?;
        sqlx::query!(
            "INSERT INTO removed_partitions (name, counted_to) VALUES ($1, $2)",
            name,
            Uuid::nil()
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Counts the rows of the next sessions as removed; answers how many, or nothing where none is left.
    async fn count_next(&self, app: &App) -> Result<Option<i64>, sqlx::Error> {
        let name = self.name();
        let mut tx = begin(&app.db).await?;
        let from = sqlx::query_scalar!(
            "SELECT counted_to FROM removed_partitions WHERE name = $1 FOR UPDATE",
            name
        );
        let from = from.fetch_one(&mut *tx).await?;
        let count = format!(
            "WITH counted AS MATERIALIZED (
                SELECT session_key, count(*) AS events FROM {name} WHERE session_key > $1
                GROUP BY session_key ORDER BY session_key LIMIT $2
             ), noted AS (
                INSERT INTO ledger (session_key, removed)
                SELECT session_key, events FROM counted ORDER BY session_key
                ON CONFLICT (session_key) DO UPDATE SET removed = ledger.removed + excluded.removed
             )
             SELECT (array_agg(session_key ORDER BY session_key DESC))[1],
                coalesce(sum(events), 0)::bigint FROM counted"
        );
        let (last, rows): (Option<Uuid>, i64) = sqlx::query_as(&count)
            .persistent(false)
            .bind(from)
            .bind(SESSIONS_PER_BATCH)
            .fetch_one(&mut *tx)
            .await?;
        let Some(last) = last else { return Ok(None) };
        sqlx::query!("UPDATE removed_partitions SET counted_to = $2 WHERE name = $1", name, last)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(rows))
    }

    /// Counts the rows without a session as removed, and drops the partition.
    async fn drop(&self, app: &App) -> Result<i64, sqlx::Error> {
        let name = self.name();
        let mut tx = begin(&app.db).await?;
        let count = format!(
            "WITH counted AS (
                SELECT count(*) AS events FROM {name} WHERE session_key IS NULL OR session_key = $1
             ), noted AS (
                UPDATE ledger SET removed = removed + events FROM counted WHERE session_key = $1
             )
             SELECT events FROM counted"
        );
        let rows: i64 = sqlx::query_scalar(&count)
            .persistent(false)
            .bind(Uuid::nil())
            .fetch_one(&mut *tx)
            .await?;
        let drop = format!("DROP TABLE {name}");
        sqlx::query(&drop).persistent(false).execute(&mut *tx).await?;
        sqlx::query!("DELETE FROM removed_partitions WHERE name = $1", name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(rows)
    }
}

/// Removes events that are older than they are kept.
pub(super) async fn remove(sweep: &Sweep) -> Result<Vec<Removed>, sqlx::Error> {
    let (app, cutoff) = (&sweep.app, sweep.cutoffs.raw);
    let mut removed: Vec<Removed> =
        EVENT_TABLES.iter().map(|table| Removed::new("raw", table, cutoff)).collect();
    for partition in expired(app, cutoff).await? {
        match partition.detach(app, cutoff).await {
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) =>
            {
                tracing::warn!(partition = partition.name(), "not removed: its table is in use");
            }
            detached => detached?,
        }
    }
    for partition in taken_out(app).await? {
        let of_table = removed.iter_mut().find(|removed| removed.table == partition.table);
        if let Some(of_table) = of_table {
            remove_partition(sweep, &partition, of_table).await?;
        }
    }
    for of_table in &mut removed {
        while sweep.in_time() {
            let rows = remove_without_partition(app, &of_table.table, cutoff).await?;
            of_table.rows += rows;
            if rows < ROWS_PER_BATCH {
                break;
            }
        }
    }
    Ok(removed)
}

async fn remove_partition(
    sweep: &Sweep,
    partition: &Partition,
    removed: &mut Removed,
) -> Result<(), sqlx::Error> {
    while sweep.in_time() {
        let Some(rows) = partition.count_next(&sweep.app).await? else {
            removed.rows += partition.drop(&sweep.app).await?;
            removed.partitions.push(partition.name());
            return Ok(());
        };
        removed.rows += rows;
    }
    Ok(())
}

/// Whether rows of events wait to be counted outside of their tables.
pub(super) async fn are_being_removed(app: &App) -> Result<bool, sqlx::Error> {
    Ok(!taken_out(app).await?.is_empty())
}

/// The partitions that were taken out of their tables and not dropped yet.
async fn taken_out(app: &App) -> Result<Vec<Partition>, sqlx::Error> {
    let names = sqlx::query_scalar!("SELECT name FROM removed_partitions ORDER BY name")
        .fetch_all(&app.db)
        .await?;
    Ok(names.iter().filter_map(|name| Partition::of_name(name)).collect())
}

/// The partitions whose whole month lies before an instant.
async fn expired(app: &App, cutoff: DateTime<Utc>) -> Result<Vec<Partition>, sqlx::Error> {
    let tables = EVENT_TABLES.map(str::to_owned);
    let names = sqlx::query_scalar!(
        r#"SELECT part.relname::text AS "name!"
         FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
            JOIN pg_class AS whole ON whole.oid = inhparent
         WHERE whole.relname = ANY($1) ORDER BY 1"#,
        &tables[..]
    )
    .fetch_all(&app.db)
    .await?;
    let partitions = names.iter().filter_map(|name| Partition::of_name(name));
    Ok(partitions.filter(|partition| partition.is_before(cutoff)).collect())
}

/// Removes some old events whose ids belong to no month that has a partition; answers how many.
async fn remove_without_partition(
    app: &App,
    table: &str,
    cutoff: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let remove = format!(
        "WITH gone AS (
            DELETE FROM {table}_default WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM {table}_default WHERE occurred_at < $1 LIMIT $2))
            RETURNING coalesce(session_key, $3) AS session_key
         ), counted AS (
            SELECT session_key, count(*) AS events FROM gone GROUP BY session_key
         ), noted AS (
            INSERT INTO ledger (session_key, removed)
            SELECT session_key, events FROM counted ORDER BY session_key
            ON CONFLICT (session_key) DO UPDATE SET removed = ledger.removed + excluded.removed
         )
         SELECT count(*) FROM gone"
    );
    sqlx::query_scalar(&remove)
        .bind(cutoff)
        .bind(ROWS_PER_BATCH)
        .bind(Uuid::nil())
        .fetch_one(&app.db)
        .await
}

/// The events that would go.
pub(super) async fn preview(app: &App, cutoffs: &Cutoffs) -> Result<Vec<Removed>, sqlx::Error> {
    let mut tables: Vec<Removed> =
        EVENT_TABLES.iter().map(|table| Removed::new("raw", table, cutoffs.raw)).collect();
    let mut db = app.db.acquire().await?;
    let partitions = taken_out(app).await?.into_iter().chain(expired(app, cutoffs.raw).await?);
    let partitions: Vec<Partition> = partitions.collect();
    for of_table in &mut tables {
        of_table.rows =
            count_before(&mut db, &format!("{}_default", of_table.table), cutoffs).await?;
        for partition in partitions.iter().filter(|partition| partition.table == of_table.table) {
            of_table.rows += count_before(&mut db, &partition.name(), cutoffs).await?;
            of_table.partitions.push(partition.name());
        }
    }
    Ok(tables)
}

async fn count_before(
    db: &mut PgConnection,
    table: &str,
    cutoffs: &Cutoffs,
) -> Result<i64, sqlx::Error> {
    let count = format!("SELECT count(*) FROM {table} WHERE occurred_at < $1");
    sqlx::query_scalar(&count).persistent(false).bind(cutoffs.raw).fetch_one(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_months_of_tables_of_events_are_partitions() {
        let partition = Partition::of_name("session_events_2024_12").unwrap();
        assert_eq!(
            (partition.table, partition.name()),
            ("session_events", "session_events_2024_12".into())
        );
        for name in [
            "session_events_default",
            "session_events_2024_13",
            "visits_2024_12",
            "session_events_2024_12; DROP TABLE visits",
            "session_events_2024_1",
            "session_events",
        ] {
            assert!(Partition::of_name(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_month_is_before_an_instant_once_it_is_over() {
        let partition = Partition::of_name("session_events_2024_12").unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(partition.is_before(at("2025-01-01T00:00:00Z")));
        assert!(!partition.is_before(at("2024-12-01T00:00:00Z")));
    }
}
