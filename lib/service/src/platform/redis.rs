//! Redis: one multiplexed connection a process, made when first used and made again when lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nest_haus_domain::monitoring::Metric;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisError, ScriptInvocation};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use super::config::Config;
use super::measure::{Described, note};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Redis could not be asked or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("redis is unavailable")]
pub struct RedisFailure(#[from] RedisError);

/// The connection and the prefix of this system's keys.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: Arc<OnceCell<ConnectionManager>>,
    prefix: Arc<str>,
}

impl Redis {
    /// Checks the address; connects later.
    pub(super) fn new(config: &Config) -> Result<Self, RedisError> {
        Ok(Self {
            client: Client::open(config.redis_url.expose_secret())?,
            connection: Arc::default(),
            prefix: config.redis_key_prefix.as_str().into(),
        })
    }

    /// The full name of a key.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    async fn connection(&self) -> Result<ConnectionManager, RedisFailure> {
        let connect = || async {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(RESPONSE_TIMEOUT))
                .set_number_of_retries(0);
            ConnectionManager::new_with_config(self.client.clone(), config).await
        };
        Ok(self.connection.get_or_try_init(connect).await?.clone())
    }

    /// Runs a command.
    pub async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisFailure> {
        let begun = Instant::now();
        let answer = self.ask(command).await;
        note(Metric::RedisOperationTime, begun.elapsed(), || described(name_of(command)));
        answer
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisFailure> {
        Ok(command.query_async(&mut self.connection().await?).await?)
    }

    /// Runs a command; once more if the connection turns out to be dead, as idle connections to
    /// Upstash are. For commands that may be repeated.
    pub async fn query_twice<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
    ) -> Result<T, RedisFailure> {
        match self.query(command).await {
            Err(failure) if failure.connection_was_dead() => self.query(command).await,
            other => other,
        }
    }

    /// Runs a script by the name that slow operations have; once more if the connection turns out to be
    /// dead. For scripts that may be repeated.
    pub async fn invoke_twice<T: FromRedisValue>(
        &self,
        name: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RedisFailure> {
        match self.invoke(name, script).await {
            Err(failure) if failure.connection_was_dead() => self.invoke(name, script).await,
            other => other,
        }
    }

    /// Runs a script by the name that slow operations have.
    pub async fn invoke<T: FromRedisValue>(
        &self,
        name: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RedisFailure> {
        let begun = Instant::now();
        let answer = self.run(script).await;
        note(Metric::RedisOperationTime, begun.elapsed(), || described(name.to_owned()));
        answer
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, RedisFailure> {
        Ok(script.invoke_async(&mut self.connection().await?).await?)
    }
}

fn described(name: String) -> Described {
    Described { name, statement: None }
}

/// A command's first word; keys and values are not part of its name.
fn name_of(command: &redis::Cmd) -> String {
    match command.args_iter().next() {
        Some(redis::Arg::Simple(word)) => String::from_utf8_lossy(word).into_owned(),
        _ => String::new(),
    }
}

impl RedisFailure {
    /// Whether the socket had been closed, so that trying again may help at once.
    #[must_use]
    pub fn connection_was_dead(&self) -> bool {
        self.0.is_connection_dropped()
    }
}
