//! Numbers and the conditions under which they may be read.

mod distribution;
mod period;
mod rate;
mod trending;

pub use distribution::{Bin, Distribution, Percentiles, PriceCount};
pub use period::{Period, TimeRange};
pub use rate::Rate;
pub use trending::{Trend, TrendCounts, benjamini_hochberg, decay_weight, trends};
