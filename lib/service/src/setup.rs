//! What a database needs before it serves: the schema, partitions, a catalogue.

use crate::configurator;
use crate::operations;
use crate::platform::{App, MIGRATOR};

/// Why a database could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupFailure {
    /// A migration failed; it left nothing behind.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database could not take the rest.
    #[error("the database could not be filled")]
    Database(#[from] sqlx::Error),
}

/// What was missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupReport {
    /// Partitions made.
    pub partitions: u32,
    /// Whether the first catalogue was put in force.
    pub first_catalogue: bool,
}

/// Brings a database up to date. Changes nothing where it is.
pub async fn set_up(app: &App) -> Result<SetupReport, SetupFailure> {
    MIGRATOR.run(&app.db).await?;
    let now = app.clock.now();
    let partitions = operations::ensure_partitions(app, now).await?;
    let first_catalogue = configurator::install_first(&app.db, now).await?;
    Ok(SetupReport { partitions, first_catalogue })
}
