//! Leases: who may do a job right now. They save work; correctness never rests on them.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use crate::platform::{App, RedisFailure};

/// Each script's hash is taken once a process, not once a call.
static RENEWAL: LazyLock<Script> = LazyLock::new(|| Script::new(RENEW));
static RETURN: LazyLock<Script> = LazyLock::new(|| Script::new(RELEASE));

/// A lease that this process holds until it releases it or lets it run out.
pub struct Lease {
    key: String,
    token: String,
    ttl: Duration,
}

const RENEW: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
    return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end";
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then \
    return redis.call('DEL', KEYS[1]) else return 0 end";

impl Lease {
    /// Takes the lease of that name; nothing if another process holds it.
    pub async fn take(app: &App, name: &str, ttl: Duration) -> Result<Option<Self>, RedisFailure> {
        let lease = Self {
            key: app.redis.key(&format!("lease:{name}")),
            token: uuid::Uuid::new_v4().to_string(),
            ttl,
        };
        let mut set = redis::cmd("SET");
        set.arg(&lease.key).arg(&lease.token).arg("NX").arg("PX").arg(lease.ttl_millis());
        let taken: Option<String> = app.redis.query_twice(&set).await?;
        Ok(taken.map(|_| lease))
    }

    /// Holds the lease for another full time; false if it was lost.
    pub async fn renew(&self, app: &App) -> Result<bool, RedisFailure> {
        let mut call = RENEWAL.key(&self.key);
        call.arg(&self.token).arg(self.ttl_millis());
        app.redis.invoke_twice::<bool>("renew", &call).await
    }

    /// Gives the lease back. If Redis is out of reach it runs out by itself.
    pub async fn release(self, app: &App) {
        let mut call = RETURN.key(&self.key);
        call.arg(&self.token);
        if let Err(error) = app.redis.invoke_twice::<bool>("release", &call).await {
            tracing::warn!(?error, lease = self.key, "lease left to run out");
        }
    }

    fn ttl_millis(&self) -> u64 {
        u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX)
    }
}
