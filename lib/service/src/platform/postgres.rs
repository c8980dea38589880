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

/// Begins a transaction whose statements end by themselves after `limit`. Set by transaction, since
/// a transaction pooler keeps no session.
pub async fn begin_bounded(
    db: &sqlx::PgPool,
    limit: Duration,
) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    let mut tx = db.begin().await?;
    limit_statements(&mut tx, limit).await?;
    Ok(tx)
}

/// Begins a report: all its statements see the database as it is now, change nothing, and end by
/// themselves after `limit`.
pub async fn begin_report(
    db: &sqlx::PgPool,
    limit: Duration,
) -> Result<sqlx::PgTransaction<'static>, sqlx::Error> {
    let mut tx = db.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    limit_statements(&mut tx, limit).await?;
    Ok(tx)
}

/// Has every statement of the transaction planned for its very parameters.
pub async fn plan_for_parameters(db: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        .fetch_one(db)
        .await?;
    Ok(())
}

async fn limit_statements(
    tx: &mut sqlx::PgTransaction<'_>,
    limit: Duration,
) -> Result<(), sqlx::Error> {
    // Statements here take milliseconds to run and up to a second to compile.
    sqlx::query!(
        "SELECT set_config('statement_timeout', $1, true) AS time, set_config('jit', 'off', true) AS jit",
        limit.as_millis().to_string()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(())
}
