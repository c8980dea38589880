//! Numbers and the conditions under which they may be read.

mod calendar;
mod distribution;
pub mod funnel;
mod histogram;
mod period;
mod population;
mod rate;
mod trending;

pub use calendar::{BUCKETS_MAX, Bucket, Interval, Zone, buckets, offset_seconds};
pub use distribution::{Bin, Distribution, Percentiles, PriceCount};
pub use histogram::Histogram;
pub use period::{Comparison, Period, TimeRange};
pub use population::{Population, Populations};
pub use rate::Rate;
pub use trending::{Trend, TrendCounts, benjamini_hochberg, decay_weight, trends};
