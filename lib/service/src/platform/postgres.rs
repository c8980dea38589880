//! The database: a small lazy pool that works behind a transaction pooler, and its migrations.

use std::str::FromStr;
use std::time::Duration;

use secrecy::ExposeSecret;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::config::Config;

/// All migrations, forward only.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A pool that connects when first used.
pub(super) fn pool(config: &Config) -> Result<sqlx::PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(config.database_url.expose_secret())?
        .application_name("nest-haus");
    Ok(PgPoolOptions::new()
        .max_connections(config.database_pool_max)
        .acquire_timeout(CONNECT_TIMEOUT)
        .idle_timeout(IDLE_TIMEOUT)
        .connect_lazy_with(options))
}

const BEGIN_REPORT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Begins a transaction. It is begun to its end even if whoever asks gives up meanwhile, and then rolled
/// back: sqlx 0.8 would give the connection back inside a transaction that nobody knows of, and what the
/// next one writes without a transaction would be lost with it.
pub async fn begin(db: &sqlx::PgPool) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    whole(db.clone(), None).await
}

async fn whole(
    db: sqlx::PgPool,
    statement: Option<&'static str>,
) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    let beginning = tokio::spawn(async move {
        #[expect(clippy::disallowed_methods, reason = "this is the exemption that others use")]
        match statement {
            Some(statement) => db.begin_with(statement).await,
            None => db.begin().await,
        }
    });
    beginning.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// Begins a transaction whose statements end by themselves after `limit`. Set by transaction, since
/// a transaction pooler keeps no session.
pub async fn begin_bounded(
    db: &sqlx::PgPool,
    limit: Duration,
) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    let mut tx = begin(db).await?;
    limit_statements(&mut tx, limit).await?;
    Ok(tx)
}

/// Begins a report: all its statements see the database as it is now, change nothing, and end by
/// themselves after `limit`.
pub async fn begin_report(
    db: &sqlx::PgPool,
    limit: Duration,
) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    let mut tx = whole(db.clone(), Some(BEGIN_REPORT)).await?;
    limit_statements(&mut tx, limit).await?;
    Ok(tx)
}

/// Begins a report on a connection of its own that sees the database as another does; nothing where the
/// pool has no connection to spare.
pub async fn begin_report_beside(
    db: &sqlx::PgPool,
    other: &mut sqlx::PgTransaction<'_>,
    limit: Duration,
) -> Result<Option<sqlx::PgTransaction<'static>>, sqlx::Error> {
    if db.num_idle() == 0 && db.size() >= db.options().get_max_connections() {
        return Ok(None);
    }
    let snapshot = sqlx::query_scalar!(r#"SELECT pg_export_snapshot() AS "snapshot!""#)
        .fetch_one(&mut **other)
        .await?;
    let mut tx = match whole(db.clone(), Some(BEGIN_REPORT)).await {
        Err(sqlx::Error::PoolTimedOut) => return Ok(None),
        begun => begun?,
    };
    // The database names snapshots by hexadecimal numbers, and takes no parameter here.
    let see = format!("SET TRANSACTION SNAPSHOT '{snapshot}'");
    sqlx::query(&see).persistent(false).execute(&mut *tx).await?;
    limit_statements(&mut tx, limit).await?;
    Ok(Some(tx))
}

async fn limit_statements(
    tx: &mut sqlx::PgTransaction<'_>,
    limit: Duration,
) -> Result<(), sqlx::Error> {
    // Statements here take milliseconds to run and up to a second to compile; a plan for any range is a
    // bad one for most.
    sqlx::query!(
        "SELECT set_config('statement_timeout', $1, true) AS time, set_config('jit', 'off', true) AS jit,
            set_config('plan_cache_mode', 'force_custom_plan', true) AS plans",
        limit.as_millis().to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}
