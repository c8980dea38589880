//! The one place that reads the clock. Everything else takes the instant as an argument.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};

/// A source of the present instant.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the exemption that hosts use")]
        Self(Arc::new(Utc::now))
    }

    /// A clock that tests set.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present instant, in whole microseconds, as every store keeps it.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(6)
    }
}
