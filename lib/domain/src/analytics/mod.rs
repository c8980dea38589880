//! Numbers and the conditions under which they may be read.

mod calendar;
mod channel;
mod distribution;
mod friction;
mod histogram;
mod journey;
mod period;
mod population;
mod rate;
mod robot;
mod trending;
mod visit;
mod vitals;

pub use calendar::{BUCKETS_MAX, Bucket, Interval, Zone, buckets, offset_seconds};
pub use channel::{Channel, Touch};
pub use distribution::{Bin, Distribution, Percentiles, PriceCount};
pub use friction::{Click, GRID, breakpoint, grid_cell, rages};
pub use histogram::Histogram;
pub use journey::{Dwell, Effect, Gap, IDLE_AFTER, Moment, dwells, gaps, indecisions};
pub use period::{Comparison, Period, TimeRange};
pub use population::{Population, Populations};
pub use rate::{Rate, RateChange};
pub use robot::{Evidence, Suspicion, is_robot};
pub use trending::{Trend, TrendCounts, benjamini_hochberg, decay_weight, trends};
pub use visit::{
    EventKind, FUNNEL_STEPS, LENGTH_MAX, PATH_MAX, PAUSE_MAX, Visit, VisitEvent, visits,
};
pub use vitals::{CORE_VITALS, MEASUREMENTS_MIN, Measured, Rating, Thresholds, Verdict, verdict};
