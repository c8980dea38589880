//! When jobs are due, which runs were missed, and how long records are kept.

mod retention;
mod schedule;

pub use retention::Cutoffs;
pub use schedule::{BadSchedule, Schedule};
