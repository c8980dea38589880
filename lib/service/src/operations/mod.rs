//! Jobs and what keeps the database in shape.

mod jobs;
mod partitions;

pub use jobs::{JobReport, run};
pub use partitions::ensure_partitions;
