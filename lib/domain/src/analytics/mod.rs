//! Numbers and the conditions under which they may be read.

mod calendar;
mod channel;
mod distribution;
mod histogram;
mod period;
mod population;
mod rate;
mod robot;
mod trending;
mod visit;

pub use calendar::{BUCKETS_MAX, Bucket, Interval, Zone, buckets, offset_seconds};
pub use channel::{Channel, Touch};
pub use distribution::{Bin, Distribution, Percentiles, PriceCount};
pub use histogram::Histogram;
pub use period::{Comparison, Period, TimeRange};
pub use population::{Population, Populations};
pub use rate::{Rate, RateChange};
pub use robot::{Evidence, Suspicion, is_robot};
pub use trending::{Trend, TrendCounts, benjamini_hochberg, decay_weight, trends};
pub use visit::{
    EventKind, FUNNEL_STEPS, LENGTH_MAX, PATH_MAX, PAUSE_MAX, Visit, VisitEvent, visits,
};
