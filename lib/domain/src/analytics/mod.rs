//! Numbers and the conditions under which they may be read.

mod attribution;
mod calendar;
mod channel;
mod closed;
mod distribution;
mod drop_off;
mod friction;
pub mod funnel;
mod histogram;
mod journey;
mod journeys;
mod known_visit;
mod period;
mod population;
mod rate;
#[cfg(test)]
mod recorded;
mod removal;
mod retention;
mod robot;
mod survival;
mod trending;
mod visit;
mod vitals;
mod waiting;

pub use attribution::{
    Attribution, Conversion, Credit, Credited, Model, OTHER, Total, VALUES_MAX, VisitTouch,
    divide_cents, shares,
};
pub use calendar::{BUCKETS_MAX, Bucket, Interval, Zone, buckets, offset_seconds};
pub use channel::{Channel, Touch};
pub use closed::{closed_periods, due_periods};
pub use distribution::{Bin, Distribution, Percentiles, PriceCount};
pub use drop_off::{DropOff, Ending, Leaving, LeavingByName, NOT_SET};
pub use friction::{Click, GRID, Look, breakpoint, grid_cell, quick_backs, rages};
pub use histogram::Histogram;
pub use journey::{Dwell, Effect, Gap, IDLE_AFTER, Moment, dwells, gaps, indecisions};
pub use journeys::{
    Anchor, DEPTH_MAX, ENTRY, EXIT, Extent, Flow, FlowGraph, FlowLink, FlowNode, MORE, OTHER_NODE,
    View,
};
pub use known_visit::{KnownVisit, Milestone};
pub use period::{Comparison, Period, TimeRange};
pub use population::{Population, Populations};
pub use rate::{Rate, RateChange};
pub use removal::{Destination, Passage, removal_shares};
pub use retention::{
    Cell, Cohort, CohortRules, CohortTable, Cohorts, Counting, Criterion, MeanCell, OFFSETS_MAX,
    Returning, SegmentedCohorts,
};
pub use robot::{Evidence, Suspicion, is_robot};
pub use survival::{LogRank, SurvivalStep, Watched, kaplan_meier, log_rank, median_time, thinned};
pub use trending::{Trend, TrendCounts, benjamini_hochberg, decay_weight, trends};
pub use visit::{
    EventKind, FUNNEL_STEPS, LENGTH_MAX, PATH_MAX, PAUSE_MAX, Visit, VisitEvent, visits,
};
pub use vitals::{CORE_VITALS, MEASUREMENTS_MIN, Measured, Rating, Thresholds, Verdict, verdict};
pub use waiting::{Wait, Waiting};
