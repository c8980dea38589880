//! When jobs are due, and which runs were missed.

mod schedule;

pub use schedule::{BadSchedule, Schedule};
