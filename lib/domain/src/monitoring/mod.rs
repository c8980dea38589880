//! When the system says that something is wrong, and when that is over.

mod anomaly;
mod burn_rate;
mod incident;
mod rules;

pub use anomaly::{Grain, Score, Segment, largest_move, score};
pub use burn_rate::{BudgetBurn, OBJECTIVE, Requests, budget_burn, burn_rate};
pub use incident::{
    ABSENT_AFTER, CALM_EVALUATIONS, Change, Incident, IncidentState, NotOpen, Replayed, replay,
    step,
};
pub use rules::{RuleId, Settings, Severity, Signal, Unit};
