//! What the system measures of itself, when it says that something is wrong, and when that is over.

mod anomaly;
mod burn_rate;
mod incident;
mod recordings;
mod rules;
mod slow;
mod timings;
mod trace_context;

pub use anomaly::{Grain, Score, Segment, largest_move, score};
pub use burn_rate::{BudgetBurn, OBJECTIVE, Requests, budget_burn, burn_rate};
pub use incident::{
    ABSENT_AFTER, CALM_EVALUATIONS, Change, Incident, IncidentState, NotOpen, Replayed, replay,
    step,
};
pub use recordings::{Metric, RECORDED_FOR, Recording, Recordings, SLOT, is_job, slot_of};
pub use rules::{RuleId, Settings, Severity, Signal, Unit};
pub use slow::{SlowOperation, brief};
pub use timings::Timings;
pub use trace_context::{SpanId, TraceContext, TraceId};
