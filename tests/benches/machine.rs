//! The machine and the servers on it.

use std::fmt;
use std::fs;

use sqlx::Connection;

use crate::{Failure, Servers};

/// Where something was measured.
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    memory_gb: u64,
    kernel: String,
    postgres: String,
    redis: String,
}

impl Machine {
    pub(crate) async fn find(servers: &Servers) -> Result<Self, Failure> {
        let mut connection = sqlx::PgConnection::connect(&servers.database_url).await?;
        let postgres = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        let info: String =
            redis::cmd("INFO").arg("server").query_async(&mut servers.redis().await?).await?;
        let redis = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let kilobytes = line_of("/proc/meminfo", "MemTotal")?;
        let kilobytes =
            kilobytes.split_whitespace().next().and_then(|size| size.parse::<u64>().ok());
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            processor: line_of("/proc/cpuinfo", "model name")
                .unwrap_or_else(|_| "unknown".to_owned()),
            memory_gb: kilobytes.unwrap_or_default() / 1_000_000,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            postgres,
            redis: redis.unwrap_or("of unknown version").trim().to_owned(),
        })
    }
}

/// What stands after a name and a colon.
fn line_of(file: &str, name: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(file)?;
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.into_iter().find(|(key, _)| key.trim() == name);
    Ok(found.ok_or_else(|| format!("{file} has no {name}"))?.1.trim().to_owned())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, processor, memory_gb, kernel, postgres, redis } = self;
        write!(
            f,
            "{cores} cores ({processor}), {memory_gb} GB, Linux {kernel}, PostgreSQL {postgres}, \
             Redis {redis}"
        )
    }
}
