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
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const STATEMENT_TIMEOUT: &str = "30s";

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

/// Bounds the statements of this transaction. Set by transaction, since a pooler keeps no session.
pub async fn bound_statements(tx: &mut sqlx::PgTransaction<'_>) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('statement_timeout', $1, true)")
        .bind(STATEMENT_TIMEOUT)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
